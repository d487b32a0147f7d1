#include "common/auth/fingerprint.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <optional>

#include "common/auth/base64url.h"
#include "common/auth/bcrypt.h"
#include "common/base/error.h"
#include "common/base/uuid.h"

namespace vibestack::auth {
namespace {

constexpr size_t kFingerprintBytes = 16;

// Over the id (36 characters), a dot, the salt (22 characters) and `more`.
absl::StatusOr<std::string> Compute(const Secret& key, const std::string& user_id,
                                    const std::string& hashed_password, const std::string& more) {
  if (key.empty()) return InternalError("there is no fingerprint secret");
  const std::optional<BcryptHash> hash = ParseBcryptHash(hashed_password);
  if (!hash.has_value() || !IsUuid(user_id)) {
    return FailedPreconditionError("PASSWORD_HASH_UNUSABLE", "the account has no usable password");
  }
  const std::string message = CanonicalUuid(user_id) + "." + hash->salt + more;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.Reveal().data(), static_cast<int>(key.Reveal().size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest,
           &size) == nullptr) {
    return InternalError("the fingerprint could not be computed");
  }
  return Base64UrlEncode(std::string(reinterpret_cast<char*>(digest), kFingerprintBytes));
}

}  // namespace

absl::StatusOr<std::string> Fingerprint(const Secret& key, const std::string& user_id,
                                        const std::string& hashed_password) {
  return Compute(key, user_id, hashed_password, "");
}

absl::StatusOr<std::string> ResetFingerprint(const Secret& key, const std::string& user_id,
                                             const std::string& hashed_password,
                                             const std::string& email) {
  return Compute(key, user_id, hashed_password, "." + email);
}

bool IsFingerprint(const std::string& text) {
  const std::optional<std::string> bytes = Base64UrlDecode(text);
  return bytes.has_value() && bytes->size() == kFingerprintBytes;
}

bool SameFingerprint(const std::string& a, const std::string& b) {
  return !a.empty() && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace vibestack::auth
