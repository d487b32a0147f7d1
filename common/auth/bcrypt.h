#ifndef VIBESTACK_COMMON_AUTH_BCRYPT_H_
#define VIBESTACK_COMMON_AUTH_BCRYPT_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

// bcrypt, implemented by libxcrypt. A hash at cost 12 takes a core about 0.2 s: call these
// functions from a PasswordPool, never on a thread that serves calls. All functions are
// thread-safe.
namespace vibestack::auth {

// A cost is the base-2 logarithm of the number of rounds. A cost above 16 takes seconds. A stored
// hash with such a cost would keep a core busy, so it is refused.
inline constexpr int kMinBcryptCost = 4;
inline constexpr int kMaxBcryptCost = 16;
inline constexpr size_t kMaxPasswordBytes = 72;

// The parts of a well-formed hash `$2b$NN$` + salt + digest (60 characters; also `$2a$`, `$2y$`).
struct BcryptHash {
  int cost;
  std::string salt;    // 22 characters
  std::string digest;  // 31 characters
};

// Parses a hash; nothing when it is malformed. Accepts any cost of two digits.
std::optional<BcryptHash> ParseBcryptHash(const std::string& hash);

// Whether VerifyPassword can compare a password with this hash: the hash is well-formed and its
// cost is within the limits.
bool IsUsableHash(const std::string& hash);

// Returns a new `$2b$` hash with a random salt. Errors: INVALID_ARGUMENT for a password that is
// empty, longer than 72 bytes or with a NUL (bcrypt would ignore the rest); INTERNAL for a cost
// outside the limits.
absl::StatusOr<std::string> HashPassword(const Secret& password, int cost);

// Whether the password matches the hash; compares in constant time. Errors: INVALID_ARGUMENT for a
// password that HashPassword refuses; FAILED_PRECONDITION (PASSWORD_HASH_UNUSABLE) for a malformed
// hash or a cost outside the limits, since no password is valid for such an account.
absl::StatusOr<bool> VerifyPassword(const Secret& password, const std::string& hash);

// As VerifyPassword, but a wrong password takes at least as long as a hash at `cost`. So the time
// of a refusal does not reveal whether the hash is old, new or DummyHash(cost). At usual costs the
// times differ by less than 1 %.
absl::StatusOr<bool> VerifyPasswordPadded(const Secret& password, const std::string& hash,
                                          int cost);

// Hashes the password at another cost with the salt of `hash`, so that the fingerprint
// (fingerprint.h), which depends on the salt, stays the same. The caller must have verified the
// password. Errors: FAILED_PRECONDITION (PASSWORD_HASH_UNUSABLE) when `hash` is malformed or its
// salt is not in the form that new hashes have; otherwise those of HashPassword.
absl::StatusOr<std::string> RehashPassword(const Secret& password, const std::string& hash,
                                           int cost);

// A well-formed hash that matches no password. Verify against it to spend the usual time on an
// unknown account. `cost` must be within the limits.
std::string DummyHash(int cost);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_BCRYPT_H_
