#ifndef VIBESTACK_COMMON_AUTH_KEY_FILES_H_
#define VIBESTACK_COMMON_AUTH_KEY_FILES_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/secret.h"

// The key directory: `<kid>.pem` for each ES256 key and `fingerprint.secret`. Files are written
// atomically with mode 0600 and never replace an existing file, so replicas that start at the same
// time on one directory get the same files. Errors are for operators; they name files, never paths
// or contents.
namespace vibestack::auth {

// Generates a key pair, writes it as `<kid>.pem` and returns the kid, such as
// `20250131T235959Z-0f3a9c11` (UTC time, then random digits), so that later kids sort after earlier
// ones. The directory must exist. UNAVAILABLE when the file cannot be written.
absl::StatusOr<std::string> GenerateKeyFile(const std::string& directory,
                                            const Clock& clock = SystemClock::Instance());

// Writes 32 random bytes as `fingerprint.secret`. ALREADY_EXISTS when the file exists: a new secret
// would invalidate every token of every user.
absl::Status GenerateFingerprintSecret(const std::string& directory);

// Reads the 32 bytes of `fingerprint.secret`. NOT_FOUND without the file, INVALID_ARGUMENT when it
// is not the base64url of 32 bytes (a newline may follow).
absl::StatusOr<Secret> LoadFingerprintSecret(const std::string& directory);

// Reads all `*.pem` files into a map by kid (the file name without extension). Ignores names that
// begin with a dot (Kubernetes keeps the versions of its mounts there). UNAVAILABLE when the
// directory or a file cannot be read.
absl::StatusOr<std::map<std::string, Secret>> ReadKeyFiles(const std::string& directory);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_KEY_FILES_H_
