#ifndef VIBESTACK_COMMON_AUTH_KEY_SET_H_
#define VIBESTACK_COMMON_AUTH_KEY_SET_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/es256.h"
#include "common/base/secret.h"

namespace vibestack::auth {

// One ES256 key of a JWKS (RFC 7517, 7518), with the coordinates in base64url. The other members
// (kty EC, crv P-256, alg ES256, use sig) are the same for all keys.
struct Jwk {
  std::string kid;
  std::string x;
  std::string y;
};

// Whether `kid` is a valid key id: 1 to 64 letters, digits, `.`, `_` and `-`, not starting with
// `.`.
bool IsKeyId(const std::string& kid);

// An immutable set of keys. All of them verify; the private key with the greatest kid signs. That
// is the newest key, because a kid starts with its time of creation. (File times do not matter, so
// files may be copied.) Thread-safe.
class KeySet {
 public:
  // Makes a set from PEM texts by kid. INVALID_ARGUMENT for an invalid key, with its kid and the
  // reason but not its content, and for an empty set.
  static absl::StatusOr<std::shared_ptr<const KeySet>> FromPems(
      const std::map<std::string, Secret>& pems);

  // Makes a set of public keys from a JWKS. INVALID_ARGUMENT as above, and for a duplicate kid.
  static absl::StatusOr<std::shared_ptr<const KeySet>> FromJwks(const std::vector<Jwk>& jwks);

  // The key with that kid, or null. Valid as long as the set.
  const Es256Key* Find(const std::string& kid) const;

  // The kid of the signing key; empty when there are only public keys.
  const std::string& signing_kid() const { return signing_kid_; }

  // All public keys, in the order of their kids.
  std::vector<Jwk> Jwks() const;

  // An id of the contents: sets with equal ids verify the same tokens.
  uint64_t id() const { return id_; }

 private:
  explicit KeySet(std::map<std::string, Es256Key> keys);

  std::map<std::string, Es256Key> keys_;
  std::string signing_kid_;
  uint64_t id_;
};

// Returns the current keys, or null while no keys are known. Issuers and verifiers call it for
// every token, on any thread, so it must be fast and thread-safe.
using KeySetProvider = std::function<std::shared_ptr<const KeySet>()>;

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_KEY_SET_H_
