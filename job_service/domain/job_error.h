#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_ERROR_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_ERROR_H_

#include <string>

namespace vibestack::job_service {

// The code of a job that was cancelled.
inline constexpr char kCancelledCode[] = "CANCELLED";

// What a failed job stores as its result: {"error":{"code":…,"message":…,"details":…}} as JSON
// text. `details` is JSON text itself; empty for none, which is stored as null.
std::string ErrorResult(const std::string& code, const std::string& message,
                        const std::string& details);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_ERROR_H_
