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

// A well-formed hash that no password has, to spend the same time on an unknown account. `cost`
// must be within the limits.
std::string DummyHash(int cost);

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_BCRYPT_H_
