// Forged tokens that an attacker may send.

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "tests/unit/auth/token_fixture.h"

namespace vibestack::auth {
namespace {

using TokenForgeryTest = TokenTest;

TEST_F(TokenForgeryTest, AlgNoneIsRefused) {
  const std::string rest = "." + Base64UrlEncode(kPayload) + ".";
  for (const char* alg : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = Base64UrlEncode(absl::StrReplaceAll(kHeader, {{"ES256", alg}}));
    EXPECT_EQ(FaultOf(header + rest), TokenFault::kBadHeader) << alg;
  }
  EXPECT_EQ(FaultOf(Base64UrlEncode(R"({"alg":"none"})") + rest), TokenFault::kBadHeader);
  EXPECT_EQ(FaultOf(Base64UrlEncode(kHeader) + rest), TokenFault::kBadSignature);
}

TEST_F(TokenForgeryTest, APublicKeyIsNoHmacSecret) {
  const Jwk jwk = set_->Jwks()[0];
  const std::string& x = keys_.at("k1").x();
  const std::string& y = keys_.at("k1").y();
  const std::string pem = PublicPem(x, y);
  ASSERT_TRUE(Es256Key::FromPem(Secret(pem)).ok());
  for (const std::string& secret : {pem, pem.substr(0, pem.size() - 1), jwk.x, jwk.x + jwk.y,
                                    "\x04" + x + y, x + y, x, std::string()}) {
    for (const char* header : {R"({"alg":"HS256","kid":"k1","typ":"JWT"})", kHeader}) {
      EXPECT_NE(FaultOf(HmacToken(secret, header, kPayload)), TokenFault::kNone);
    }
  }
}

TEST_F(TokenForgeryTest, OnlyOurHeaderIsRead) {
  for (const char* header :
       {R"({"alg":"ES384","kid":"k1","typ":"JWT"})", R"({"alg":"es256","kid":"k1","typ":"JWT"})",
        R"({"alg":"ES256","kid":"k1"})", R"({"alg":"ES256","kid":"k1","typ":"jwt"})",
        R"({"alg":"ES256","typ":"JWT"})", R"({"alg":"ES256","kid":"","typ":"JWT"})",
        R"({"alg":"ES256","kid":"k1","typ":"JWT"} )", R"({"kid":"k1","alg":"ES256","typ":"JWT"})",
        R"({"alg":"none","alg":"ES256","kid":"k1","typ":"JWT"})",
        R"({"alg":"ES256","kid":"k9","kid":"k1","typ":"JWT"})",
        R"({"alg":"ES256","kid":"../k1","typ":"JWT"})", R"({"alg":"ES256","kid":1,"typ":"JWT"})",
        R"({"alg":"ES256","crit":["b64"],"b64":false,"kid":"k1","typ":"JWT"})",
        R"({"alg":"ES256","jwk":{},"kid":"k1","typ":"JWT"})", "", "{}", "[]", "null"}) {
    EXPECT_EQ(FaultWithHeader(header), TokenFault::kBadHeader) << header;
  }
  EXPECT_EQ(FaultWithHeader(std::string(kHeader) + '\0'), TokenFault::kBadHeader);
}

TEST_F(TokenForgeryTest, AnUnknownKidIsRefused) {
  const std::string header = absl::StrReplaceAll(kHeader, {{"k1", "other"}});
  EXPECT_EQ(FaultOf(SignToken(keys_.at("other"), header, kPayload)), TokenFault::kUnknownKey);
}

TEST_F(TokenForgeryTest, AnotherKeysKidIsRefused) {
  const std::string header = absl::StrReplaceAll(kHeader, {{"k1", "k2"}});
  EXPECT_EQ(FaultOf(SignToken(keys_.at("k1"), header, kPayload)), TokenFault::kBadSignature);
  EXPECT_EQ(FaultOf(SignToken(keys_.at("other"), kHeader, kPayload)), TokenFault::kBadSignature);
}

TEST_F(TokenForgeryTest, TruncatedSignaturesAreRefused) {
  const std::string token = Issue(Purpose::kAccess);
  for (size_t cut = 1; cut <= 86; ++cut) {
    EXPECT_NE(FaultOf(token.substr(0, token.size() - cut)), TokenFault::kNone) << cut;
  }
}

TEST_F(TokenForgeryTest, EveryChangedCharacterIsNoticed) {
  const std::string token = Issue(Purpose::kAccess);
  for (size_t i = 0; i < token.size(); ++i) {
    for (const char other : {'A', 'B', '.', '=', '\0'}) {
      if (token[i] == other) continue;
      std::string changed = token;
      changed[i] = other;
      EXPECT_NE(FaultOf(changed), TokenFault::kNone) << i << other;
    }
  }
}

TEST_F(TokenForgeryTest, NoSecondTextOfTheSameSignatureIsTaken) {
  const std::string token = Issue(Purpose::kAccess);
  int taken = 0;
  for (int c = 1; c < 256; ++c) {
    std::string changed = token;
    changed.back() = static_cast<char>(c);  // four of its six bits are unused
    if (FaultOf(changed) == TokenFault::kNone) ++taken;
  }
  EXPECT_EQ(taken, 1);
}

TEST_F(TokenForgeryTest, ThreePartsAndNothingElse) {
  const std::string token = Issue(Purpose::kAccess);
  for (const std::string& other :
       {std::string(), std::string("."), std::string(".."), std::string("..."), token + ".",
        "." + token, token + ".x", token + "=", token + "==", token + "\n", " " + token,
        token + '\0', "Bearer " + token, token.substr(0, token.rfind('.')), token + "!",
        absl::StrReplaceAll(token, {{".", ".."}})}) {
    EXPECT_NE(FaultOf(other), TokenFault::kNone) << other;
  }
}

TEST_F(TokenForgeryTest, LongTextsAreRefusedUnread) {
  EXPECT_EQ(FaultOf(std::string(65536, 'a')), TokenFault::kTooLarge);
  EXPECT_EQ(FaultOf(std::string(kMaxTokenBytes + 1, '.')), TokenFault::kTooLarge);
  EXPECT_EQ(FaultOf(std::string(kMaxTokenBytes, '.')), TokenFault::kMalformed);
}

TEST_F(TokenForgeryTest, ARepeatedClaimIsRefused) {
  EXPECT_EQ(FaultWith(R"("exp":1750000900)", R"("exp":1750000900,"exp":1750000900)"),
            TokenFault::kBadClaims);
  EXPECT_EQ(FaultWith(R"("purpose":"access")", R"("purpose":"service","purpose":"access")"),
            TokenFault::kBadClaims);
}

TEST_F(TokenForgeryTest, OtherFormsOfThePayloadAreRefused) {
  for (const std::string& payload :
       {std::string(), std::string("{}x"), std::string("[]"), std::string("\"x\""),
        std::string(kPayload) + " ", std::string(kPayload) + '\0', " " + std::string(kPayload),
        std::string(kPayload) + kPayload, std::string("{\"a\":\"\\u0000\"}"),
        std::string("{\"a\":\"\xff\"}"), std::string(1500, '[')}) {
    EXPECT_EQ(FaultOf(SignToken(keys_.at("k1"), kHeader, payload)), TokenFault::kBadClaims);
  }
}

TEST_F(TokenForgeryTest, ARefusalRevealsNothing) {
  const absl::Status forged = TokenError("a.b.c", TokenFault::kBadSignature);
  const absl::Status unknown = TokenError("d", TokenFault::kUnknownKey);
  EXPECT_EQ(forged.message(), unknown.message());
  EXPECT_EQ(ErrorReason(forged), ErrorReason(unknown));
  EXPECT_EQ(TokenFaultName(TokenFault::kUnknownKey), "unknown_key");
}

}  // namespace
}  // namespace vibestack::auth
