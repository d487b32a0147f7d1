#ifndef VIBESTACK_COMMON_AUTH_FINGERPRINT_H_
#define VIBESTACK_COMMON_AUTH_FINGERPRINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

// A user's fingerprint identifies the current password without revealing anything about it. Tokens
// carry it; a token whose fingerprint is not the current one is invalid. A new password has a new
// salt and so a new fingerprint; a rehash at another cost keeps both. Thread-safe.
namespace vibestack::auth {

// The fingerprint: 128 bits in base64url of an HMAC-SHA256 over the user id and the bcrypt salt.
// FAILED_PRECONDITION when the hash is malformed, so that no token is valid for it.
absl::StatusOr<std::string> Fingerprint(const Secret& key, const std::string& user_id,
                                        const std::string& hashed_password);

// As Fingerprint, but also over the email. For reset tokens: a change of the email invalidates
// them.
absl::StatusOr<std::string> ResetFingerprint(const Secret& key, const std::string& user_id,
                                             const std::string& hashed_password,
                                             const std::string& email);

// Whether `text` has the form of a fingerprint.
bool IsFingerprint(const std::string& text);

// Whether both fingerprints are equal, compared in constant time. Empty ones never are.
bool SameFingerprint(const std::string& a, const std::string& b);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_FINGERPRINT_H_
