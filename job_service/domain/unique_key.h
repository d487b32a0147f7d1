#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_UNIQUE_KEY_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_UNIQUE_KEY_H_

#include <string>

namespace vibestack::job_service {

// The longest unique key, in bytes.
inline constexpr size_t kMaxUniqueKey = 200;

// Returns the id of the job with this key: always the same id for the same user, workflow and key,
// in the form of a UUID v4. The arguments must not contain NUL.
std::string IdOfUniqueKey(const std::string& user_id, const std::string& workflow_id,
                          const std::string& key);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_UNIQUE_KEY_H_
