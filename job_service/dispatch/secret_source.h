#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_SECRET_SOURCE_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_SECRET_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

// Reads the secrets that the workflows file names. Errors quote neither the path nor the content.
namespace vibestack::job_service {

// The content of a file of up to 64 KiB, without the newline at its end. INVALID_ARGUMENT if the
// file cannot be read, is empty or is larger.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

// The value of an environment variable. INVALID_ARGUMENT if it is unset or empty.
absl::StatusOr<Secret> ReadSecretVariable(const std::string& name);

// Whether the workflows file must not set this header, because job_service sets it or HTTP frames
// the message by it. `name` is in lower case.
bool IsOurHeader(const std::string& name);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_SECRET_SOURCE_H_
