#ifndef VIBESTACK_TESTS_UNIT_AUTH_TOKEN_FIXTURE_H_
#define VIBESTACK_TESTS_UNIT_AUTH_TOKEN_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_replace.h"
#include "common/auth/token.h"
#include "common/auth/token_issuer.h"
#include "common/auth/token_verifier.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "tests/unit/auth/test_keys.h"

namespace vibestack::auth {

inline constexpr int64_t kNow = 1750000000;
inline constexpr char kHeader[] = R"({"alg":"ES256","kid":"k1","typ":"JWT"})";
// The payload of an access token that the issuer makes at kNow.
inline constexpr char kPayload[] =
    R"({"aud":"vibestack","exp":1750000900,"fingerprint":"AAAAAAAAAAAAAAAAAAAAAA",)"
    R"("iat":1750000000,"iss":"vibestack","jti":"1c2d3e4f-0000-4000-8000-000000000000",)"
    R"("purpose":"access","sub":"0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d"})";

inline std::string SubjectFor(Purpose purpose) {
  return purpose == Purpose::kService ? "job_service" : kUser;
}

inline std::string EmailFor(Purpose purpose) {
  return purpose == Purpose::kSignUp ? "ann@example.com" : "";
}

class TokenTest : public testing::Test {
 protected:
  std::string Issue(Purpose purpose, absl::Duration lifetime = absl::Minutes(15)) {
    const auto issued =
        issuer_.Issue(purpose, SubjectFor(purpose), lifetime,
                      CarriesFingerprint(purpose) ? kFingerprint : "", EmailFor(purpose));
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

  // The fault of a correctly signed token whose payload is kPayload with `from` replaced by `to`.
  TokenFault FaultWith(const std::string& from, const std::string& to) {
    const std::string payload = absl::StrReplaceAll(kPayload, {{from, to}});
    EXPECT_NE(payload, kPayload) << from;
    return FaultOf(SignToken(keys_.at("k1"), kHeader, payload));
  }

  // The fault of a correctly signed token with that header.
  TokenFault FaultWithHeader(const std::string& header) {
    return FaultOf(SignToken(keys_.at("k1"), header, kPayload));
  }

  const TestKeys keys_{{"k1", "k2", "other"}};
  std::shared_ptr<const KeySet> set_ = keys_.Set({"k1", "k2"});
  FakeClock clock_{absl::FromUnixSeconds(kNow)};
  const TokenIssuer issuer_{[this] { return set_; }, clock_};
  const TokenVerifier verifier_{[this] { return set_; }, clock_};
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_TESTS_UNIT_AUTH_TOKEN_FIXTURE_H_
