#ifndef VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_NOTIFY_PAYLOAD_H_
#define VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_NOTIFY_PAYLOAD_H_

#include <string>
#include <string_view>
#include <vector>

#include "job_service/domain/job_changes.h"

namespace vibestack::job_service {

// The payloads of NOTIFY that tell `news`, as the triggers would, each under PostgreSQL's 8,000
// bytes: {"from":"<origin>","ids":[…],"pending":[…]}, {"from":"<origin>","deleted":{"<user>":[…]}},
// or {"from":"<origin>","resync":true} where more than 15,000 jobs changed. `origin` says who tells
// it: letters and digits.
std::vector<std::string> EncodeNotifyPayloads(const JobChanges& changes, std::string_view origin);

// Whether a payload was made by EncodeNotifyPayloads with this origin.
bool IsFrom(std::string_view payload, std::string_view origin);

// Adds `more` to `news`.
void MergeChanges(JobChanges more, JobChanges& changes);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_NOTIFY_PAYLOAD_H_
