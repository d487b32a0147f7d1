#ifndef VIBESTACK_COMMON_AUTH_BCRYPT_H_
#define VIBESTACK_COMMON_AUTH_BCRYPT_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

// bcrypt by libxcrypt. A hash at cost 12 takes a core about 0.2 s: call these from a PasswordPool,
// never from a thread that serves calls. All functions are thread-safe.
namespace vibestack::auth {

// Costs are base-2 logarithms of rounds. More than 16 takes seconds: somebody put it there to keep
// our cores busy, and it is refused.
inline constexpr int kMinBcryptCost = 4;
inline constexpr int kMaxBcryptCost = 16;
inline constexpr size_t kMaxPasswordBytes = 72;

// What a well-formed hash `$2b$NN$` + salt + digest (60 characters; also `$2a$`, `$2y$`) says.
struct BcryptHash {
  int cost;
  std::string salt;    // 22 characters
  std::string digest;  // 31 characters
};

// Nothing when `hash` is malformed. Any cost of two digits passes here.
std::optional<BcryptHash> ParseBcryptHash(const std::string& hash);

// A new `$2b$` hash with a random salt. INVALID_ARGUMENT for a password that is empty, has more
// than 72 bytes or a NUL (bcrypt would ignore what follows); INTERNAL for a cost outside the
// limits.
absl::StatusOr<std::string> HashPassword(const Secret& password, int cost);

// Whether the password is the one that was hashed; compared in constant time. Passwords are refused
// as in HashPassword. FAILED_PRECONDITION (PASSWORD_HASH_UNUSABLE) for a malformed hash and for a
// cost outside the limits: such an account has no valid password.
absl::StatusOr<bool> VerifyPassword(const Secret& password, const std::string& hash);

// The same, but a password that is not the one takes as long as one at `cost` would, if that is
// more: so the time of a refusal does not tell an old hash from a new one or from DummyHash(cost).
// (To some thousandths at usual costs: each step between the costs adds what two rounds take.)
absl::StatusOr<bool> VerifyPasswordPadded(const Secret& password, const std::string& hash,
                                          int cost);

// A `$2b$` hash of the password at another cost, with the salt of `hash`, so that what is bound to
// the salt (see fingerprint.h) stays. FAILED_PRECONDITION (PASSWORD_HASH_UNUSABLE) where `hash` is
// malformed or its salt is not in the form that new hashes have; else as HashPassword. The caller
// has verified the password.
absl::StatusOr<std::string> RehashPassword(const Secret& password, const std::string& hash,
                                           int cost);

// A well-formed hash that no password has, to spend the same time on an unknown account. `cost`
// must be within the limits.
std::string DummyHash(int cost);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_BCRYPT_H_
