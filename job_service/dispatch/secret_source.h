#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_SECRET_SOURCE_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_SECRET_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

// Reads the secrets that the workflows file names. Errors quote neither the path nor the content.
namespace vibestack::job_service {

// The content of a file of up to 64 KiB without the newline at its end. INVALID_ARGUMENT if the
// file cannot be read, is empty or too large.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

// The value of an environment variable. INVALID_ARGUMENT if it is unset or empty.
absl::StatusOr<Secret> ReadSecretVariable(const std::string& name);

// Whether job_service or HTTP's framing sets this header (`name` is in lower case), so that the
// workflows file must not.
bool IsOurHeader(const std::string& name);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_SECRET_SOURCE_H_
