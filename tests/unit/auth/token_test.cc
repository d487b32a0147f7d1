#include "common/auth/token.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "common/auth/token_issuer.h"
#include "common/auth/token_verifier.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "tests/unit/auth/test_keys.h"

namespace vibestack::auth {
namespace {

constexpr int64_t kNow = 1750000000;
constexpr char kHeader[] = R"({"alg":"ES256","kid":"k1","typ":"JWT"})";
// What the issuer would write at kNow for an access token.
constexpr char kPayload[] =
    R"({"aud":"vibestack","exp":1750000900,"fingerprint":"AAAAAAAAAAAAAAAAAAAAAA",)"
    R"("iat":1750000000,"iss":"vibestack","jti":"1c2d3e4f-0000-4000-8000-000000000000",)"
    R"("purpose":"access","sub":"0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d"})";

std::string SubjectFor(Purpose purpose) {
  return purpose == Purpose::kService ? "job_service" : kUser;
}

class TokenTest : public testing::Test {
 protected:
  std::string Issue(Purpose purpose, absl::Duration lifetime = absl::Minutes(15)) {
    const auto issued = issuer_.Issue(purpose, SubjectFor(purpose), lifetime,
                                      CarriesFingerprint(purpose) ? kFingerprint : "");
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued->token.Reveal();
  }

  TokenFault FaultOf(const std::string& token, Purpose purpose = Purpose::kAccess) {
    TokenFault fault = TokenFault::kNone;
    const auto claims = verifier_.Verify(token, purpose, &fault);
    EXPECT_EQ(claims.ok(), fault == TokenFault::kNone);
    if (!claims.ok()) {
      EXPECT_EQ(claims.status().code(), absl::StatusCode::kUnauthenticated);
      EXPECT_EQ(ErrorReason(claims.status()),
                fault == TokenFault::kExpired ? "TOKEN_EXPIRED" : "TOKEN_INVALID");
    }
    return fault;
  }

  // The fault of kPayload with one text replaced, rightly signed.
  TokenFault FaultWith(const std::string& from, const std::string& to) {
    const std::string payload = absl::StrReplaceAll(kPayload, {{from, to}});
    EXPECT_NE(payload, kPayload) << from;
    return FaultOf(SignToken(keys_.at("k1"), kHeader, payload));
  }

  // The fault of a token with that header, rightly signed.
  TokenFault FaultWithHeader(const std::string& header) {
    return FaultOf(SignToken(keys_.at("k1"), header, kPayload));
  }

  const TestKeys keys_{{"k1", "k2", "other"}};
  std::shared_ptr<const KeySet> set_ = keys_.Set({"k1", "k2"});
  FakeClock clock_{absl::FromUnixSeconds(kNow)};
  const TokenIssuer issuer_{[this] { return set_; }, clock_};
  const TokenVerifier verifier_{[this] { return set_; }, clock_};
};

TEST_F(TokenTest, AVerifiedTokenSaysWhatWasIssued) {
  const auto issued = issuer_.Issue(Purpose::kAccess, kUser, absl::Minutes(15), kFingerprint);
  ASSERT_TRUE(issued.ok());
  const auto claims = verifier_.Verify(issued->token.Reveal(), Purpose::kAccess);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->subject, kUser);
  EXPECT_EQ(claims->fingerprint, kFingerprint);
  EXPECT_EQ(claims->issued_at, absl::FromUnixSeconds(kNow));
  EXPECT_EQ(claims->expires_at, absl::FromUnixSeconds(kNow + 900));
  EXPECT_EQ(claims->token_id, issued->claims.token_id);
  EXPECT_TRUE(IsUuidV4(claims->token_id));
}

TEST_F(TokenTest, NoPurposePassesForAnother) {
  for (const Purpose made : kAllPurposes) {
    const std::string token = Issue(made);
    for (const Purpose wanted : kAllPurposes) {
      EXPECT_EQ(FaultOf(token, wanted),
                made == wanted ? TokenFault::kNone : TokenFault::kWrongPurpose)
          << PurposeName(made) << " as " << PurposeName(wanted);
    }
  }
}

TEST_F(TokenTest, TheFormInTheseTestsIsTheIssuers) {
  EXPECT_EQ(FaultOf(SignToken(keys_.at("k1"), kHeader, kPayload)), TokenFault::kNone);
}

TEST_F(TokenTest, AlgNoneIsRefused) {
  const std::string payload = Base64UrlEncode(kPayload);
  for (const char* alg : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = Base64UrlEncode(absl::StrReplaceAll(kHeader, {{"ES256", alg}}));
    EXPECT_EQ(FaultOf(header + "." + payload + "."), TokenFault::kBadHeader) << alg;
  }
  EXPECT_EQ(FaultOf(Base64UrlEncode(R"({"alg":"none"})") + "." + payload + "."),
            TokenFault::kBadHeader);
  EXPECT_EQ(FaultOf(Base64UrlEncode(kHeader) + "." + payload + "."), TokenFault::kBadSignature);
}

TEST_F(TokenTest, APublicKeyIsNoHmacSecret) {
  const Jwk jwk = set_->Jwks()[0];
  const std::string point = "\x04" + keys_.at("k1").x() + keys_.at("k1").y();
  for (const std::string& secret : {jwk.x, jwk.x + jwk.y, point, keys_.at("k1").x()}) {
    for (const char* header : {R"({"alg":"HS256","kid":"k1","typ":"JWT"})", kHeader}) {
      const std::string text = Base64UrlEncode(header) + "." + Base64UrlEncode(kPayload);
      unsigned char mac[32];
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, nullptr);
      const std::string token =
          text + "." + Base64UrlEncode(std::string(reinterpret_cast<char*>(mac), 32));
      EXPECT_NE(FaultOf(token), TokenFault::kNone);
    }
  }
}

TEST_F(TokenTest, OnlyOurHeaderIsRead) {
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

TEST_F(TokenTest, AnUnknownKidIsRefused) {
  const std::string header = absl::StrReplaceAll(kHeader, {{"k1", "other"}});
  EXPECT_EQ(FaultOf(SignToken(keys_.at("other"), header, kPayload)), TokenFault::kUnknownKey);
}

TEST_F(TokenTest, AnotherKeysKidIsRefused) {
  const std::string header = absl::StrReplaceAll(kHeader, {{"k1", "k2"}});
  EXPECT_EQ(FaultOf(SignToken(keys_.at("k1"), header, kPayload)), TokenFault::kBadSignature);
  EXPECT_EQ(FaultOf(SignToken(keys_.at("other"), kHeader, kPayload)), TokenFault::kBadSignature);
}

TEST_F(TokenTest, TruncatedSignaturesAreRefused) {
  const std::string token = Issue(Purpose::kAccess);
  for (size_t cut = 1; cut <= 86; ++cut) {
    EXPECT_NE(FaultOf(token.substr(0, token.size() - cut)), TokenFault::kNone) << cut;
  }
}

TEST_F(TokenTest, EveryChangedCharacterIsNoticed) {
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

TEST_F(TokenTest, NoSecondTextOfTheSameSignatureIsTaken) {
  const std::string token = Issue(Purpose::kAccess);
  int taken = 0;
  for (int c = 1; c < 256; ++c) {
    std::string changed = token;
    changed.back() = static_cast<char>(c);  // four of its six bits belong to no byte
    if (FaultOf(changed) == TokenFault::kNone) ++taken;
  }
  EXPECT_EQ(taken, 1);
}

TEST_F(TokenTest, ThreePartsAndNothingElse) {
  const std::string token = Issue(Purpose::kAccess);
  for (const std::string& other :
       {std::string(), std::string("."), std::string(".."), std::string("..."), token + ".",
        "." + token, token + ".x", token + "=", token + "==", token + "\n", " " + token,
        token + '\0', "Bearer " + token, token.substr(0, token.rfind('.')), token + "!",
        absl::StrReplaceAll(token, {{".", ".."}})}) {
    EXPECT_NE(FaultOf(other), TokenFault::kNone) << other;
  }
}

TEST_F(TokenTest, LongTextsAreRefusedUnread) {
  EXPECT_EQ(FaultOf(std::string(64 * 1024, 'a')), TokenFault::kTooLarge);
  EXPECT_EQ(FaultOf(std::string(kMaxTokenBytes + 1, '.')), TokenFault::kTooLarge);
  EXPECT_EQ(FaultOf(std::string(kMaxTokenBytes, '.')), TokenFault::kMalformed);
}

TEST_F(TokenTest, ATokenIsExpiredAtItsVerySecond) {
  const std::string token = Issue(Purpose::kAccess, absl::Seconds(60));
  clock_.Advance(absl::Seconds(60) - absl::Microseconds(1));
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
  clock_.Advance(absl::Microseconds(1));
  EXPECT_EQ(FaultOf(token), TokenFault::kExpired);
}

TEST_F(TokenTest, ATokenOfTheFutureIsRefusedBeyondTheLeeway) {
  EXPECT_EQ(FaultWith(R"("iat":1750000000)", R"("iat":1750000005)"), TokenFault::kNone);
  EXPECT_EQ(FaultWith(R"("iat":1750000000)", R"("iat":1750000006)"), TokenFault::kNotYetValid);
  const std::string purpose = R"("purpose")";
  EXPECT_EQ(FaultWith(purpose, R"("nbf":1750000005,"purpose")"), TokenFault::kNone);
  EXPECT_EQ(FaultWith(purpose, R"("nbf":1750000006,"purpose")"), TokenFault::kNotYetValid);
  EXPECT_EQ(FaultWith(purpose, R"("nbf":"soon","purpose")"), TokenFault::kBadClaims);
  EXPECT_EQ(FaultWith(purpose, R"("nbf":null,"purpose")"), TokenFault::kBadClaims);
}

TEST_F(TokenTest, TimesAreWholePositiveNumbers) {
  for (const char* value :
       {"1750000900.0", "1750000900.5", "1.7500009e9", "\"1750000900\"", "true", "null",
        "[1750000900]", "{}", "0", "-1750000900", "9223372036854775807", "9223372036854775808",
        "253402300800", "1e400", "1750000000", "01750000900"}) {
    EXPECT_EQ(FaultWith(R"("exp":1750000900)", std::string(R"("exp":)") + value),
              TokenFault::kBadClaims)
        << value;
  }
  EXPECT_EQ(FaultWith(R"("exp":1750000900,)", ""), TokenFault::kBadClaims);
  EXPECT_EQ(FaultWith(R"("iat":1750000000,)", ""), TokenFault::kBadClaims);
  EXPECT_EQ(FaultWith(R"("iat":1750000000)", R"("iat":-5)"), TokenFault::kBadClaims);
}

TEST_F(TokenTest, AnotherIssuerOrAudienceIsRefused) {
  EXPECT_EQ(FaultWith(R"("iss":"vibestack")", R"("iss":"evil")"), TokenFault::kWrongIssuer);
  EXPECT_EQ(FaultWith(R"("iss":"vibestack",)", ""), TokenFault::kWrongIssuer);
  EXPECT_EQ(FaultWith(R"("iss":"vibestack")", R"("iss":["vibestack"])"), TokenFault::kWrongIssuer);
  EXPECT_EQ(FaultWith(R"("aud":"vibestack")", R"("aud":"other")"), TokenFault::kWrongAudience);
  EXPECT_EQ(FaultWith(R"("aud":"vibestack",)", ""), TokenFault::kWrongAudience);
  EXPECT_EQ(FaultWith(R"("aud":"vibestack")", R"("aud":["other","vibestack"])"),
            TokenFault::kWrongAudience);
}

TEST_F(TokenTest, AMissingOrMalformedSubjectIsRefused) {
  const std::string sub = R"("sub":"0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d")";
  EXPECT_EQ(FaultWith("," + sub, ""), TokenFault::kBadSubject);
  for (const char* value :
       {R"("")", R"("me")", R"("job_service")", "7", "null", R"(["x"])",
        R"("0B9F3D0E-4F0E-4B62-9C3B-2D1F5A6B7C8D")", R"("0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d ")",
        R"("{0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d}")"}) {
    EXPECT_EQ(FaultWith(sub, std::string(R"("sub":)") + value), TokenFault::kBadSubject) << value;
  }
}

TEST_F(TokenTest, AServicesSubjectIsAPlainName) {
  for (const char* name : {"a", "job_service", "worker-1.eu", "7up"}) {
    EXPECT_TRUE(IsServiceName(name)) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("-a"), std::string(".a"), std::string("A"), std::string("a b"),
        std::string("a/b"), std::string("a\n"), std::string(101, 'a')}) {
    EXPECT_FALSE(IsServiceName(name)) << name;
  }
  EXPECT_TRUE(IsServiceName(std::string(100, 'a')));
}

TEST_F(TokenTest, AnAccessTokenNeedsAFingerprint) {
  const std::string fingerprint = R"("fingerprint":"AAAAAAAAAAAAAAAAAAAAAA",)";
  EXPECT_EQ(FaultWith(fingerprint, ""), TokenFault::kBadClaims);
  for (const char* value : {R"("")", R"("AAAAAAAAAAAAAAAAAAAAA")", R"("AAAAAAAAAAAAAAAAAAAAAB")",
                            "0", "null", R"("AAAAAAAAAAAAAAAAAAAAAA==")"}) {
    EXPECT_EQ(FaultWith(fingerprint, std::string(R"("fingerprint":)") + value + ","),
              TokenFault::kBadClaims)
        << value;
  }
}

TEST_F(TokenTest, AnUnknownPurposeOrTokenIdIsRefused) {
  EXPECT_EQ(FaultWith(R"("access")", R"("Access")"), TokenFault::kBadClaims);
  EXPECT_EQ(FaultWith(R"("purpose":"access",)", ""), TokenFault::kBadClaims);
  EXPECT_EQ(FaultWith(R"("jti":"1c2d3e4f-0000-4000-8000-000000000000",)", ""),
            TokenFault::kBadClaims);
}

TEST_F(TokenTest, ARepeatedClaimIsRefused) {
  EXPECT_EQ(FaultWith(R"("exp":1750000900)", R"("exp":1750000900,"exp":1750000900)"),
            TokenFault::kBadClaims);
  EXPECT_EQ(FaultWith(R"("purpose":"access")", R"("purpose":"service","purpose":"access")"),
            TokenFault::kBadClaims);
}

TEST_F(TokenTest, OtherFormsOfThePayloadAreRefused) {
  for (const std::string& payload :
       {std::string(), std::string("{}x"), std::string("[]"), std::string("\"x\""),
        std::string(kPayload) + " ", std::string(kPayload) + '\0', " " + std::string(kPayload),
        std::string(kPayload) + kPayload, std::string("{\"a\":\"\\u0000\"}"),
        std::string("{\"a\":\"\xff\"}"), std::string(1500, '[')}) {
    EXPECT_EQ(FaultOf(SignToken(keys_.at("k1"), kHeader, payload)), TokenFault::kBadClaims);
  }
}

TEST_F(TokenTest, ARemovedKeyVerifiesNoMore) {
  set_ = keys_.Set({"k1"});
  const std::string token = Issue(Purpose::kAccess);
  set_ = keys_.Set({"k1", "k2"});
  EXPECT_EQ(FaultOf(token), TokenFault::kNone);
  set_ = keys_.Set({"k2"});
  EXPECT_EQ(FaultOf(token), TokenFault::kUnknownKey);
}

TEST_F(TokenTest, WithoutKeysNothingIsJudged) {
  const std::string token = Issue(Purpose::kAccess);
  set_ = nullptr;
  const auto claims = verifier_.Verify(token, Purpose::kAccess);
  EXPECT_EQ(claims.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(claims.status()), "TOKEN_KEYS_UNAVAILABLE");
}

TEST_F(TokenTest, ARefusalTellsTheCallerNothing) {
  EXPECT_EQ(TokenError(TokenFault::kBadSignature).ToString(),
            TokenError(TokenFault::kUnknownKey).ToString());
  EXPECT_EQ(TokenFaultName(TokenFault::kUnknownKey), "unknown_key");
}

TEST_F(TokenTest, NothingIsIssuedThatWouldNotVerify) {
  const auto refused = [&](Purpose purpose, const std::string& subject, absl::Duration lifetime,
                           const std::string& fingerprint) {
    return !issuer_.Issue(purpose, subject, lifetime, fingerprint).ok();
  };
  EXPECT_TRUE(refused(Purpose::kAccess, kUser, absl::Minutes(1), ""));
  EXPECT_TRUE(refused(Purpose::kAccess, "worker", absl::Minutes(1), kFingerprint));
  EXPECT_TRUE(refused(Purpose::kService, "Worker", absl::Minutes(1), ""));
  EXPECT_TRUE(refused(Purpose::kService, "worker", absl::Minutes(1), kFingerprint));
  EXPECT_TRUE(refused(Purpose::kService, "worker", absl::Milliseconds(999), ""));
  EXPECT_TRUE(refused(Purpose::kService, "worker", absl::InfiniteDuration(), ""));
  set_ = *KeySet::FromJwks(set_->Jwks());
  EXPECT_TRUE(refused(Purpose::kService, "worker", absl::Minutes(1), ""));
}

}  // namespace
}  // namespace vibestack::auth
