#ifndef VIBESTACK_JOB_SERVICE_EVENTS_NEWS_PAYLOAD_H_
#define VIBESTACK_JOB_SERVICE_EVENTS_NEWS_PAYLOAD_H_

#include <string>
#include <string_view>
#include <vector>

#include "job_service/domain/job_news.h"

namespace vibestack::job_service {

// The payloads of NOTIFY that tell `news`, as the triggers would, each under PostgreSQL's 8,000
// bytes: {"from":"<origin>","ids":[…],"pending":[…]}, {"from":"<origin>","deleted":{"<user>":[…]}},
// or {"from":"<origin>","resync":true} where more than 15,000 jobs changed. `origin` says who tells
// it: letters and digits.
std::vector<std::string> EncodeNews(const JobNews& news, std::string_view origin);

// Whether a payload was made by EncodeNews with this origin.
bool IsNewsOf(std::string_view payload, std::string_view origin);

// Adds `more` to `news`.
void MergeNews(JobNews more, JobNews& news);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_EVENTS_NEWS_PAYLOAD_H_
