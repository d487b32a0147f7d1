#include "common/auth/key_set.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/auth/base64url.h"

namespace vibestack::auth {
namespace {

constexpr size_t kMaxKeyIdSize = 64;

absl::Status Unusable(const std::string& kid, const std::string& why) {
  return absl::InvalidArgumentError("the key '" + kid + "' " + why);
}

absl::Status CheckKeyId(const std::string& kid) {
  if (IsKeyId(kid)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "a key name must be 1 to 64 letters, digits, `.`, `_` and `-`, the first not `.`");
}

// A hash over all kids and points. The length of each part follows from its content, so different
// sets give different inputs.
uint64_t ContentId(const std::map<std::string, Es256Key>& keys) {
  std::string content;
  for (const auto& [kid, key] : keys) content += kid + '\n' + key.x() + key.y();
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest);
  uint64_t id;
  std::memcpy(&id, digest, sizeof(id));
  return id;
}

}  // namespace

bool IsKeyId(const std::string& kid) {
  return !kid.empty() && kid.size() <= kMaxKeyIdSize && kid[0] != '.' &&
         std::all_of(kid.begin(), kid.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

KeySet::KeySet(std::map<std::string, Es256Key> keys)
    : keys_(std::move(keys)), id_(ContentId(keys_)) {
  for (const auto& [kid, key] : keys_) {
    if (key.can_sign()) signing_kid_ = kid;
  }
}

absl::StatusOr<std::shared_ptr<const KeySet>> KeySet::FromPems(
    const std::map<std::string, Secret>& pems) {
  std::map<std::string, Es256Key> keys;
  for (const auto& [kid, pem] : pems) {
    if (absl::Status status = CheckKeyId(kid); !status.ok()) return status;
    const auto key = Es256Key::FromPem(pem);
    if (!key.ok()) return Unusable(kid, std::string(key.status().message()));
    keys.emplace(kid, *key);
  }
  if (keys.empty()) return absl::InvalidArgumentError("there is no key");
  return std::shared_ptr<const KeySet>(new KeySet(std::move(keys)));
}

absl::StatusOr<std::shared_ptr<const KeySet>> KeySet::FromJwks(const std::vector<Jwk>& jwks) {
  std::map<std::string, Es256Key> keys;
  for (const Jwk& jwk : jwks) {
    if (absl::Status status = CheckKeyId(jwk.kid); !status.ok()) return status;
    const std::optional<std::string> x = Base64UrlDecode(jwk.x);
    const std::optional<std::string> y = Base64UrlDecode(jwk.y);
    if (!x || !y) return Unusable(jwk.kid, "has coordinates that are not base64url");
    const auto key = Es256Key::FromCoordinates(*x, *y);
    if (!key.ok()) return Unusable(jwk.kid, std::string(key.status().message()));
    if (!keys.emplace(jwk.kid, *key).second) return Unusable(jwk.kid, "occurs twice");
  }
  if (keys.empty()) return absl::InvalidArgumentError("there is no key");
  return std::shared_ptr<const KeySet>(new KeySet(std::move(keys)));
}

const Es256Key* KeySet::Find(const std::string& kid) const {
  const auto found = keys_.find(kid);
  return found == keys_.end() ? nullptr : &found->second;
}

std::vector<Jwk> KeySet::Jwks() const {
  std::vector<Jwk> jwks;
  for (const auto& [kid, key] : keys_) {
    jwks.push_back({kid, Base64UrlEncode(key.x()), Base64UrlEncode(key.y())});
  }
  return jwks;
}

}  // namespace vibestack::auth
