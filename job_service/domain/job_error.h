#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_JOB_ERROR_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_JOB_ERROR_H_

#include <cstddef>
#include <string>

namespace vibestack::job_service {

// The error code of a cancelled job.
inline constexpr char kCancelledCode[] = "CANCELLED";

// The maximum length of the reason of a cancellation, in characters.
inline constexpr size_t kMaxCancelReason = 1'000;

// The error of a failed job: {"code":…,"message":…,"details":…} as JSON text. `details` is JSON
// text. Empty details become null.
std::string ErrorObject(const std::string& code, const std::string& message,
                        const std::string& details);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_JOB_ERROR_H_
