#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_SECRET_SOURCE_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_SECRET_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

// Where the workflows file takes secrets from. Errors say what is wrong and quote neither the path
// nor the content.
namespace vibestack::job_service {

// The content of a file of up to 64 KiB without the line's end. INVALID_ARGUMENT when it cannot be
// read, is empty or too large.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

// The value of an environment variable. INVALID_ARGUMENT when it is not set or empty.
absl::StatusOr<Secret> ReadSecretVariable(const std::string& name);

// Whether requests carry a header of this name (in lower case) of our own or of HTTP's framing.
bool IsOurHeader(const std::string& name);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_SECRET_SOURCE_H_
