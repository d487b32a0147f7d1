#include "common/auth/es256.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "common/auth/base64url.h"

namespace vibestack::auth {
namespace {

Secret PemOf(EVP_PKEY* key, bool is_private, const EVP_CIPHER* cipher = nullptr) {
  BIO* memory = BIO_new(BIO_s_mem());
  const char* passphrase = cipher == nullptr ? nullptr : "pass";
  if (is_private) {
    PEM_write_bio_PKCS8PrivateKey(memory, key, cipher, nullptr, 0, nullptr,
                                  const_cast<char*>(passphrase));
  } else {
    PEM_write_bio_PUBKEY(memory, key);
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  Secret pem(std::string(text, static_cast<size_t>(size)));
  BIO_free(memory);
  EVP_PKEY_free(key);
  return pem;
}

TEST(Es256KeyTest, VerifiesWhatItSigned) {
  const Es256Key key = *Es256Key::Generate();
  EXPECT_TRUE(key.Verify("text", *key.Sign("text")));
  EXPECT_FALSE(key.Verify("texT", *key.Sign("text")));
  EXPECT_FALSE(Es256Key::Generate()->Verify("text", *key.Sign("text")));
}

TEST(Es256KeyTest, SignaturesAlwaysHave64Bytes) {
  const Es256Key key = *Es256Key::Generate();
  for (int i = 0; i < 300; ++i) EXPECT_EQ(key.Sign(std::to_string(i))->size(), 64u);
}

TEST(Es256KeyTest, EveryFlippedBitOfASignatureIsNoticed) {
  const Es256Key key = *Es256Key::Generate();
  const std::string signature = *key.Sign("text");
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string flipped = signature;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(key.Verify("text", flipped)) << bit;
  }
}

TEST(Es256KeyTest, OtherEncodingsOfASignatureAreRefused) {
  const Es256Key key = *Es256Key::Generate();
  const std::string raw = *key.Sign("text");
  EXPECT_FALSE(key.Verify("text", ""));
  EXPECT_FALSE(key.Verify("text", raw.substr(0, 63)));
  EXPECT_FALSE(key.Verify("text", raw + '\0'));
  EXPECT_FALSE(key.Verify("text", '\0' + raw.substr(0, 32) + '\0' + raw.substr(32)));
  EXPECT_FALSE(key.Verify("text", raw.substr(32) + raw.substr(0, 32)));
  EXPECT_FALSE(key.Verify("text", std::string(64, '\0')));
  EXPECT_FALSE(key.Verify("text", std::string(64, '\xff')));
  const std::string der = "\x30\x44\x02\x20" + raw.substr(0, 32) + "\x02\x20" + raw.substr(32);
  EXPECT_FALSE(key.Verify("text", der));
}

TEST(Es256KeyTest, APublicKeyVerifiesButDoesNotSign) {
  const Es256Key pair = *Es256Key::Generate();
  const Es256Key key = *Es256Key::FromCoordinates(pair.x(), pair.y());
  EXPECT_TRUE(key.Verify("text", *pair.Sign("text")));
  EXPECT_FALSE(key.can_sign());
  EXPECT_FALSE(key.Sign("text").ok());
  EXPECT_FALSE(key.ToPrivatePem().ok());
}

TEST(Es256KeyTest, ReadsPrivateAndPublicPems) {
  const Es256Key pair = *Es256Key::Generate();
  EXPECT_EQ(Es256Key::FromPem(*pair.ToPrivatePem())->x(), pair.x());
  const auto from_public = Es256Key::FromPem(PemOf(EVP_EC_gen("P-256"), false));
  ASSERT_TRUE(from_public.ok());
  EXPECT_FALSE(from_public->can_sign());
}

TEST(Es256KeyTest, OtherCurvesAndTypesAreRefused) {
  EXPECT_FALSE(Es256Key::FromPem(PemOf(EVP_EC_gen("P-384"), true)).ok());
  EXPECT_FALSE(Es256Key::FromPem(PemOf(EVP_EC_gen("secp256k1"), true)).ok());
  EXPECT_FALSE(Es256Key::FromPem(PemOf(EVP_EC_gen("P-521"), false)).ok());
  EXPECT_FALSE(Es256Key::FromPem(PemOf(EVP_RSA_gen(2048), true)).ok());
  EXPECT_FALSE(Es256Key::FromPem(PemOf(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), true)).ok());
}

TEST(Es256KeyTest, AnEncryptedKeyIsRefusedWithoutAskingTheTerminal) {
  EXPECT_FALSE(Es256Key::FromPem(PemOf(EVP_EC_gen("P-256"), true, EVP_aes_128_cbc())).ok());
}

TEST(Es256KeyTest, APointOffTheCurveIsRefused) {
  const Es256Key pair = *Es256Key::Generate();
  std::string y = pair.y();
  y[31] = static_cast<char>(y[31] ^ 1);
  EXPECT_FALSE(Es256Key::FromCoordinates(pair.x(), y).ok());
  EXPECT_FALSE(Es256Key::FromCoordinates(std::string(32, '\0'), std::string(32, '\0')).ok());
  EXPECT_FALSE(Es256Key::FromCoordinates(pair.x().substr(1), pair.y()).ok());
}

TEST(Es256KeyTest, FailuresLeaveNothingInTheThreadsErrorQueue) {
  const Es256Key key = *Es256Key::Generate();
  key.Verify("text", std::string(64, '\0'));
  key.Verify("text", std::string(64, '\xff'));
  EXPECT_FALSE(Es256Key::FromPem(Secret("nonsense")).ok());
  EXPECT_FALSE(Es256Key::FromCoordinates(std::string(32, 'x'), std::string(32, 'y')).ok());
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(Base64UrlTest, OneTextForEveryBytes) {
  EXPECT_EQ(Base64UrlDecode(""), "");
  EXPECT_EQ(Base64UrlDecode("AA"), std::string(1, '\0'));
  EXPECT_EQ(Base64UrlDecode("-_-_"), Base64UrlDecode(Base64UrlEncode("\xfb\xff\xbf")));
  for (const char* other :
       {"AB", "AA==", "AA=", "A", " AA", "AA\n", "+/+/", "AA.", "A A", "AAA!"}) {
    EXPECT_FALSE(Base64UrlDecode(other).has_value()) << other;
  }
}

}  // namespace
}  // namespace vibestack::auth
