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

// What a JWKS says about one ES256 key (RFC 7517, 7518): the coordinates are base64url. The rest
// (kty EC, crv P-256, alg ES256, use sig) is the same for all.
struct Jwk {
  std::string kid;
  std::string x;
  std::string y;
};

// Whether `kid` may name a key: 1 to 64 of letters, digits, `.`, `_` and `-`, not starting with
// `.`.
bool IsKeyId(const std::string& kid);

// The keys of one moment: all of them verify, the newest private one signs. Newest is the greatest
// kid, for kids begin with their time of creation; so copying files changes nothing. Immutable and
// shared between threads.
class KeySet {
 public:
  // From PEM texts by kid. INVALID_ARGUMENT names the kid that is unusable and why, never the
  // content, and is also what an empty set gets.
  static absl::StatusOr<std::shared_ptr<const KeySet>> FromPems(
      const std::map<std::string, Secret>& pems);

  // From a JWKS, for those who only verify. INVALID_ARGUMENT as above; a kid twice is one too.
  static absl::StatusOr<std::shared_ptr<const KeySet>> FromJwks(const std::vector<Jwk>& jwks);

  // The key of that kid; nullptr when there is none. Valid as long as the set.
  const Es256Key* Find(const std::string& kid) const;

  // The kid that signs; empty when there are only public keys.
  const std::string& signing_kid() const { return signing_kid_; }

  // All public keys, in the order of their kids.
  std::vector<Jwk> Jwks() const;

  // Equal for sets that verify the same: what was verified under one id holds under an equal one.
  uint64_t id() const { return id_; }

 private:
  explicit KeySet(std::map<std::string, Es256Key> keys);

  std::map<std::string, Es256Key> keys_;
  std::string signing_kid_;
  uint64_t id_;
};

// Where an issuer or verifier gets the keys of the moment, for every token anew; nullptr means that
// none are known yet. Called from many threads.
using KeySetProvider = std::function<std::shared_ptr<const KeySet>()>;

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_KEY_SET_H_
