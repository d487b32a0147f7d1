#ifndef VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_NOTIFY_PAYLOAD_H_
#define VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_NOTIFY_PAYLOAD_H_

#include <string>
#include <string_view>
#include <vector>

#include "job_service/domain/job_changes.h"

namespace vibestack::job_service {

// The NOTIFY payloads for a change event, in the format of the triggers. Each one is shorter than
// PostgreSQL's limit of 8,000 bytes: {"from":"<origin>","ids":[…],"pending":[…]} and
// {"from":"<origin>","deleted":{"<user>":[…]}}, or {"from":"<origin>","resync":true} if more than
// 15,000 jobs changed. `origin` names the sending replica, by letters and digits.
std::vector<std::string> EncodeNotifyPayloads(const JobChanges& changes, std::string_view origin);

// Whether EncodeNotifyPayloads made the payload with this origin.
bool IsFrom(std::string_view payload, std::string_view origin);

// Adds `more` to `changes`.
void MergeChanges(JobChanges more, JobChanges& changes);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_NOTIFY_PAYLOAD_H_
