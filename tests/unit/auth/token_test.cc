#include "common/auth/token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "common/base/uuid.h"
#include "tests/unit/auth/token_fixture.h"

namespace vibestack::auth {
namespace {

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

TEST_F(TokenTest, ASignUpTokenSaysForWhichEmail) {
  const std::string email = "\u00c4rger \"quoted\"@example.com";
  const auto issued = issuer_.Issue(Purpose::kSignUp, kUser, absl::Hours(1), "", email);
  ASSERT_TRUE(issued.ok());
  const auto claims = verifier_.Verify(issued->token.Reveal(), Purpose::kSignUp);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->email, email);
  EXPECT_EQ(claims->subject, kUser);
}

TEST_F(TokenTest, OnlyASignUpTokenHasAnEmailAndItMustHaveOne) {
  EXPECT_EQ(FaultWith(R"("exp":1750000900)", R"("email":"a@b","exp":1750000900)"),
            TokenFault::kBadClaims);
  const std::string base = R"("exp":1750000900,"iat":1750000000,"iss":"vibestack",)"
                           R"("jti":"1c2d3e4f-0000-4000-8000-000000000000",)"
                           R"("purpose":"sign_up","sub":"0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d"})";
  const auto fault = [&](const std::string& email) {
    return FaultOf(SignToken(keys_.at("k1"), kHeader, R"({"aud":"vibestack",)" + email + base),
                   Purpose::kSignUp);
  };
  EXPECT_EQ(fault(R"("email":"a@b",)"), TokenFault::kNone);
  for (const char* email : {"", R"("email":"",)", R"("email":null,)", R"("email":["a@b"],)"}) {
    EXPECT_EQ(fault(email), TokenFault::kBadClaims) << email;
  }
  EXPECT_EQ(fault(R"("email":")" + std::string(1021, 'a') + R"(",)"), TokenFault::kBadClaims);
}

TEST_F(TokenTest, ACallbackTokenNamesTheAttempt) {
  for (const int attempt : {1, 2, 26, 1'000'001}) {
    const auto issued = issuer_.Issue(Purpose::kCallback, kUser, absl::Hours(1), "", "", attempt);
    ASSERT_TRUE(issued.ok());
    EXPECT_EQ(issued->claims.attempt, attempt);
    const auto claims = verifier_.Verify(issued->token.Reveal(), Purpose::kCallback);
    ASSERT_TRUE(claims.ok()) << claims.status();
    EXPECT_EQ(claims->attempt, attempt);
    EXPECT_EQ(claims->subject, kUser);
  }
  EXPECT_EQ(issuer_.Issue(Purpose::kCallback, kUser, absl::Hours(1))->claims.attempt, 1);
}

TEST_F(TokenTest, OnlyACallbackTokenHasAnAttempt) {
  for (const Purpose purpose : kAllPurposes) {
    const auto issued =
        issuer_.Issue(purpose, SubjectFor(purpose), absl::Hours(1),
                      CarriesFingerprint(purpose) ? kFingerprint : "", EmailFor(purpose), 7);
    ASSERT_TRUE(issued.ok()) << PurposeName(purpose);
    const auto claims = verifier_.Verify(issued->token.Reveal(), purpose);
    ASSERT_TRUE(claims.ok()) << claims.status();
    EXPECT_EQ(claims->attempt, purpose == Purpose::kCallback ? 7 : 0) << PurposeName(purpose);
  }
  EXPECT_EQ(FaultWith(R"("exp":1750000900)", R"("attempt":1,"exp":1750000900)"),
            TokenFault::kBadClaims);
}

TEST_F(TokenTest, TheAttemptIsAPositiveNumberAndTheFirstOneByDefault) {
  const std::string base = R"("exp":1750000900,"iat":1750000000,"iss":"vibestack",)"
                           R"("jti":"1c2d3e4f-0000-4000-8000-000000000000",)"
                           R"("purpose":"callback","sub":"0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d"})";
  const auto token = [&](const std::string& attempt) {
    return SignToken(keys_.at("k1"), kHeader, "{" + attempt + R"("aud":"vibestack",)" + base);
  };
  // Programs before schema version 4 issued such tokens.
  const auto claims = verifier_.Verify(token(""), Purpose::kCallback);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->attempt, 1);
  EXPECT_EQ(FaultOf(token(R"("attempt":1000001,)"), Purpose::kCallback), TokenFault::kNone);
  for (const char* value : {"0", "-1", "1000002", "9223372036854775807", "4294967297", "1.5",
                            "\"1\"", "null", "[1]", "{}", "true"}) {
    EXPECT_EQ(FaultOf(token(R"("attempt":)" + std::string(value) + ","), Purpose::kCallback),
              TokenFault::kBadClaims)
        << value;
  }
}

TEST_F(TokenTest, ATokenOfASessionHasTheTimeOfItsLogInAndEndsWithIt) {
  const absl::Time log_in = clock_.Now() - absl::Hours(1) + absl::Milliseconds(300);
  for (const Purpose purpose : kAllPurposes) {
    const auto issue = [&](absl::Duration left) {
      return issuer_.Issue(purpose, SubjectFor(purpose), absl::Minutes(15),
                           CarriesFingerprint(purpose) ? kFingerprint : "", EmailFor(purpose), 1, 0,
                           TokenSession{log_in, clock_.Now() + left});
    };
    if (!BelongsToSession(purpose)) {
      EXPECT_TRUE(absl::IsInternal(issue(absl::Hours(1)).status())) << PurposeName(purpose);
      continue;
    }
    for (const int left : {1, 899, 900, 3600}) {
      const auto issued = issue(absl::Seconds(left));
      ASSERT_TRUE(issued.ok()) << issued.status();
      const auto claims = verifier_.Verify(issued->token.Reveal(), purpose);
      ASSERT_TRUE(claims.ok()) << claims.status();
      EXPECT_EQ(claims->auth_time, absl::FromUnixSeconds(kNow - 3600));
      EXPECT_EQ(claims->expires_at, absl::FromUnixSeconds(kNow + std::min(left, 900)));
    }
    EXPECT_EQ(ErrorReason(issue(absl::ZeroDuration()).status()), "TOKEN_EXPIRED");
  }
  EXPECT_EQ(verifier_.Verify(Issue(Purpose::kRefresh), Purpose::kRefresh)->auth_time, std::nullopt);
}

TEST_F(TokenTest, OnlyATokenOfASessionHasATimeOfALogIn) {
  const auto with = [](const std::string& value) {
    return R"("auth_time":)" + value + R"(,"exp":1750000900)";
  };
  EXPECT_EQ(FaultWith(R"("exp":1750000900)", with("1740000000")), TokenFault::kNone);
  for (const char* value : {"0", "-1", "1.5", "\"1740000000\"", "null", "[]", "253402300800"}) {
    EXPECT_EQ(FaultWith(R"("exp":1750000900)", with(value)), TokenFault::kBadClaims) << value;
  }
  const std::string reset = absl::StrReplaceAll(kPayload, {{R"("access")", R"("reset")"}});
  EXPECT_EQ(FaultOf(SignToken(keys_.at("k1"), kHeader, reset), Purpose::kReset), TokenFault::kNone);
  const std::string dated =
      absl::StrReplaceAll(reset, {{R"("exp":1750000900)", with("1740000000")}});
  EXPECT_EQ(FaultOf(SignToken(keys_.at("k1"), kHeader, dated), Purpose::kReset),
            TokenFault::kBadClaims);
}

TEST_F(TokenTest, AnUnknownPurposeOrTokenIdIsRefused) {
  EXPECT_EQ(FaultWith(R"("access")", R"("Access")"), TokenFault::kBadClaims);
  EXPECT_EQ(FaultWith(R"("purpose":"access",)", ""), TokenFault::kBadClaims);
  EXPECT_EQ(FaultWith(R"("jti":"1c2d3e4f-0000-4000-8000-000000000000",)", ""),
            TokenFault::kBadClaims);
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
  EXPECT_TRUE(refused(Purpose::kSignUp, kUser, absl::Minutes(1), ""));
  EXPECT_FALSE(issuer_.Issue(Purpose::kReset, kUser, absl::Minutes(1), kFingerprint, "a@b").ok());
  set_ = *KeySet::FromJwks(set_->Jwks());
  EXPECT_TRUE(refused(Purpose::kService, "worker", absl::Minutes(1), ""));
}

}  // namespace
}  // namespace vibestack::auth
