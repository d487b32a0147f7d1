#ifndef VIBESTACK_COMMON_AUTH_KEY_FILES_H_
#define VIBESTACK_COMMON_AUTH_KEY_FILES_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/secret.h"

// The key directory: `<kid>.pem` for each ES256 key and `fingerprint.secret`. Files are written
// whole or not at all, with mode 0600, and never replace one that is there; so replicas that start
// at once with one directory agree. Errors name files, never paths or contents, and are for
// operators.
namespace vibestack::auth {

// Makes a key pair and writes it as `<kid>.pem`; answers the kid, such as
// `20250131T235959Z-0f3a9c11` (UTC, then random), so that later kids sort higher. The directory
// must exist. UNAVAILABLE when the file cannot be written.
absl::StatusOr<std::string> GenerateKeyFile(const std::string& directory,
                                            const Clock& clock = SystemClock::Instance());

// Writes 32 random bytes as `fingerprint.secret`. ALREADY_EXISTS when there is one: another secret
// would end every token of every user.
absl::Status GenerateFingerprintSecret(const std::string& directory);

// The 32 bytes of `fingerprint.secret`. NOT_FOUND when there is none, INVALID_ARGUMENT when it is
// not the base64url of 32 bytes (a newline may follow).
absl::StatusOr<Secret> LoadFingerprintSecret(const std::string& directory);

// The texts of all `*.pem` files by their stems. Files whose names begin with a dot are not looked
// at (Kubernetes keeps its mounts' versions there). UNAVAILABLE when something cannot be read.
absl::StatusOr<std::map<std::string, Secret>> ReadKeyFiles(const std::string& directory);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_KEY_FILES_H_
