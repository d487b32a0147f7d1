#ifndef VIBESTACK_COMMON_AUTH_FINGERPRINT_H_
#define VIBESTACK_COMMON_AUTH_FINGERPRINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

// A user's fingerprint stands for the present password without telling anything about it. Tokens
// carry it, and a token whose fingerprint is not the present one is dead: a changed password has a
// new salt. A hash made anew at a higher cost with the same salt keeps it. Thread-safe.
namespace vibestack::auth {

// 128 bits in base64url: HMAC-SHA256 over the user id and the bcrypt salt. FAILED_PRECONDITION when
// the hash is malformed, so that no token can ever match it.
absl::StatusOr<std::string> Fingerprint(const Secret& key, const std::string& user_id,
                                        const std::string& hashed_password);

// The same over the email, too, for reset tokens: they die with the email that they were sent to.
absl::StatusOr<std::string> ResetFingerprint(const Secret& key, const std::string& user_id,
                                             const std::string& hashed_password,
                                             const std::string& email);

// Whether `text` looks like one.
bool IsFingerprint(const std::string& text);

// Whether both are the same fingerprint, in constant time; two that are none are never the same.
bool SameFingerprint(const std::string& a, const std::string& b);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_FINGERPRINT_H_
