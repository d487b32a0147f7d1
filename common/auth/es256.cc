#include "common/auth/es256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <utility>

#include "common/base/openssl.h"

namespace vibestack::auth {
namespace {

constexpr int kCoordinateBytes = 32;
constexpr size_t kSignatureBytes = 64;

using BignumPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, OpensslFree<ECDSA_SIG_free>>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, OpensslFree<OSSL_PARAM_free>>;
using ParamBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, OpensslFree<OSSL_PARAM_BLD_free>>;

std::shared_ptr<EVP_PKEY> Own(EVP_PKEY* key) { return {key, OpensslFree<EVP_PKEY_free>()}; }

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

BioPtr Reader(const Secret& text) { return OpensslReader(text.Reveal()); }

std::string Coordinate(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return "";
  const BignumPtr owned(number);
  std::string bytes(kCoordinateBytes, '\0');
  return BN_bn2binpad(number, Bytes(bytes), kCoordinateBytes) == kCoordinateBytes ? bytes : "";
}

bool IsP256(EVP_PKEY* key) {
  char group[64] = "";
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                        nullptr) == 1 &&
         std::string(group) == SN_X9_62_prime256v1;
}

std::string ToRaw(const std::string& der) {
  const unsigned char* at = Bytes(der);
  const SignaturePtr parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (parsed == nullptr) return "";
  std::string raw(kSignatureBytes, '\0');
  const bool fits =
      BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), Bytes(raw), kCoordinateBytes) > 0 &&
      BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), Bytes(raw) + kCoordinateBytes,
                   kCoordinateBytes) > 0;
  return fits ? raw : "";
}

std::string ToDer(const std::string& raw) {
  if (raw.size() != kSignatureBytes) return "";
  BignumPtr r(BN_bin2bn(Bytes(raw), kCoordinateBytes, nullptr));
  BignumPtr s(BN_bin2bn(Bytes(raw) + kCoordinateBytes, kCoordinateBytes, nullptr));
  const SignaturePtr signature(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || signature == nullptr) return "";
  if (ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return "";
  static_cast<void>(r.release());  // the signature owns them now
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return "";
  std::string bytes(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

Es256Key::Es256Key(std::shared_ptr<EVP_PKEY> key, bool can_sign, std::string x, std::string y)
    : key_(std::move(key)), can_sign_(can_sign), x_(std::move(x)), y_(std::move(y)) {}

absl::StatusOr<Es256Key> Es256Key::Check(std::shared_ptr<EVP_PKEY> key, bool can_sign) {
  if (!IsP256(key.get())) return absl::InvalidArgumentError("is not an EC key on the curve P-256");
  const KeyContextPtr context(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (context == nullptr || EVP_PKEY_public_check(context.get()) != 1) {
    return absl::InvalidArgumentError("is not a valid point on the curve P-256");
  }
  if (can_sign && EVP_PKEY_pairwise_check(context.get()) != 1) {
    return absl::InvalidArgumentError("is a private key whose public part belongs to another key");
  }
  std::string x = Coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  std::string y = Coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  if (x.empty() || y.empty()) return absl::InvalidArgumentError("has no coordinates");
  return Es256Key(std::move(key), can_sign, std::move(x), std::move(y));
}

absl::StatusOr<Es256Key> Es256Key::FromPem(const Secret& pem) {
  const OpensslErrorScope scope;
  std::shared_ptr<EVP_PKEY> key =
      Own(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, NoPassphrase, nullptr));
  const bool can_sign = key != nullptr;
  if (!can_sign) key = Own(PEM_read_bio_PUBKEY(Reader(pem).get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError("is neither an unencrypted private key nor a public key");
  }
  return Check(std::move(key), can_sign);
}

absl::StatusOr<Es256Key> Es256Key::FromCoordinates(const std::string& x, const std::string& y) {
  const OpensslErrorScope scope;
  const absl::Status unusable = absl::InvalidArgumentError("is not a point on the curve P-256");
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) return unusable;
  const std::string point = "\x04" + x + y;  // uncompressed, SEC 1, 2.3.3
  const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1,
                                  0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return unusable;
  }
  return Check(Own(key), /*can_sign=*/false);
}

absl::StatusOr<Es256Key> Es256Key::Generate() {
  const OpensslErrorScope scope;
  std::shared_ptr<EVP_PKEY> key = Own(EVP_EC_gen(SN_X9_62_prime256v1));
  if (key == nullptr) return absl::InternalError("OpenSSL could not create a key");
  return Check(std::move(key), /*can_sign=*/true);
}

absl::StatusOr<std::string> Es256Key::Sign(const std::string& message) const {
  if (!can_sign_) return absl::FailedPreconditionError("a public key cannot sign");
  const OpensslErrorScope scope;
  const DigestPtr digest(EVP_MD_CTX_new());
  std::string der(static_cast<size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  size_t size = der.size();
  if (digest == nullptr ||
      EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(digest.get(), Bytes(der), &size, Bytes(message), message.size()) != 1) {
    return absl::InternalError("OpenSSL could not create a signature");
  }
  der.resize(size);
  std::string raw = ToRaw(der);
  if (raw.empty()) return absl::InternalError("OpenSSL created a malformed signature");
  return raw;
}

bool Es256Key::Verify(const std::string& message, const std::string& signature) const {
  const OpensslErrorScope scope;
  const std::string der = ToDer(signature);
  if (der.empty()) return false;
  const DigestPtr digest(EVP_MD_CTX_new());
  return digest != nullptr &&
         EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(digest.get(), Bytes(der), der.size(), Bytes(message), message.size()) ==
             1;
}

absl::StatusOr<Secret> Es256Key::ToPrivatePem() const {
  if (!can_sign_) return absl::FailedPreconditionError("a public key has no private part");
  const OpensslErrorScope scope;
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr || PEM_write_bio_PKCS8PrivateKey(memory.get(), key_.get(), nullptr, nullptr,
                                                         0, nullptr, nullptr) != 1) {
    return absl::InternalError("OpenSSL could not write the key");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  Secret pem(std::string(text, static_cast<size_t>(size)));
  OPENSSL_cleanse(text, static_cast<size_t>(size));
  return pem;
}

}  // namespace vibestack::auth
