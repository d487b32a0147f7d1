#ifndef VIBESTACK_COMMON_AUTH_ES256_H_
#define VIBESTACK_COMMON_AUTH_ES256_H_

#include <openssl/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/secret.h"

namespace vibestack::auth {

// A P-256 key for ES256 (ECDSA with SHA-256, RFC 7518, 3.4): a key pair, or a public key that only
// verifies. Keeps the parsed key, because parsing a PEM takes four times as long as verifying.
// Immutable, cheap to copy, thread-safe.
class Es256Key {
 public:
  // Reads a private key (PKCS #8 or SEC 1) or a public key in PEM. INVALID_ARGUMENT when it is
  // neither, is encrypted, has another type or curve, or is not a valid point; the message never
  // quotes the PEM.
  static absl::StatusOr<Es256Key> FromPem(const Secret& pem);

  // Makes a public key from its coordinates, 32 bytes each, big-endian. INVALID_ARGUMENT when they
  // are not a point of the curve.
  static absl::StatusOr<Es256Key> FromCoordinates(const std::string& x, const std::string& y);

  // Generates a key pair. INTERNAL when OpenSSL fails.
  static absl::StatusOr<Es256Key> Generate();

  bool can_sign() const { return can_sign_; }

  // The coordinates, 32 bytes each.
  const std::string& x() const { return x_; }
  const std::string& y() const { return y_; }

  // Signs a message: 64 bytes r || s. FAILED_PRECONDITION for a public key.
  absl::StatusOr<std::string> Sign(const std::string& message) const;

  // Whether `signature` (64 bytes r || s, no other encoding) is valid for the message. About 80 us.
  bool Verify(const std::string& message, const std::string& signature) const;

  // The private key as PKCS #8 in PEM. FAILED_PRECONDITION for a public key.
  absl::StatusOr<Secret> ToPrivatePem() const;

 private:
  Es256Key(std::shared_ptr<EVP_PKEY> key, bool can_sign, std::string x, std::string y);

  // Checks the type, the curve and the key itself.
  static absl::StatusOr<Es256Key> Check(std::shared_ptr<EVP_PKEY> key, bool can_sign);

  std::shared_ptr<EVP_PKEY> key_;
  bool can_sign_;
  std::string x_;
  std::string y_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_ES256_H_
