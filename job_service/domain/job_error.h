#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_ERROR_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_ERROR_H_

#include <string>

namespace vibestack::job_service {

// The error code of a cancelled job.
inline constexpr char kCancelledCode[] = "CANCELLED";

// The result of a failed job, as JSON text: {"error":{"code":…,"message":…,"details":…}}. `details`
// is JSON text, or empty for null.
std::string ErrorResult(const std::string& code, const std::string& message,
                        const std::string& details);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_ERROR_H_
