#ifndef VIBESTACK_TESTS_E2E_AUTH_TOKENS_TOKENS_FIXTURE_H_
#define VIBESTACK_TESTS_E2E_AUTH_TOKENS_TOKENS_FIXTURE_H_

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/auth/base64url.h"
#include "common/auth/fingerprint.h"
#include "common/auth/key_files.h"
#include "common/auth/key_ring.h"
#include "common/auth/token_issuer.h"
#include "common/base/clock.h"
#include "tests/support/database.h"
#include "tests/support/services.h"

namespace vibestack::e2e {

using auth::Purpose;

// Both services, and tokens of every purpose and form, signed with the services' key.
class TokensTest : public testing::Test {
 protected:
  // A token of that purpose for Ann, as the services themselves would sign it.
  std::string Issue(Purpose purpose) {
    std::string subject = ann_.id;
    if (purpose == Purpose::kService) subject = "worker";
    if (purpose == Purpose::kSignUp) subject = NewUuid();
    const auto issued =
        issuer_.Issue(purpose, subject, absl::Minutes(5), FingerprintFor(purpose),
                      purpose == Purpose::kSignUp ? NewUuid() + "@example.org" : "");
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued->token.Reveal();
  }

  std::string FingerprintFor(Purpose purpose) {
    if (!auth::CarriesFingerprint(purpose)) return "";
    const std::string hash =
        Database().One("SELECT hashed_password FROM users WHERE id = '" + ann_.id + "'");
    const Secret key = *auth::LoadFingerprintSecret(keys_directory_);
    return purpose == Purpose::kReset ? *auth::ResetFingerprint(key, ann_.id, hash, ann_.email)
                                      : *auth::Fingerprint(key, ann_.id, hash);
  }

  // A header and a payload of any form, signed by the services' own key.
  std::string Sign(const std::string& header, const std::string& payload) {
    const auto pem = auth::ReadKeyFiles(keys_directory_)->begin()->second;
    const std::string text = auth::Base64UrlEncode(header) + "." + auth::Base64UrlEncode(payload);
    return text + "." + auth::Base64UrlEncode(*auth::Es256Key::FromPem(pem)->Sign(text));
  }
  std::string Header() {
    return R"({"alg":"ES256","kid":")" + keys_->Snapshot()->signing_kid() + R"(","typ":"JWT"})";
  }
  // The payload of an access token for Ann, with these claims instead of its own.
  std::string Payload(const std::map<std::string, std::string>& other = {}) {
    const int64_t now = absl::ToUnixSeconds(absl::Now());
    std::map<std::string, std::string> claims = {
        {"aud", R"("vibestack")"},
        {"exp", std::to_string(now + 300)},
        {"fingerprint", "\"" + FingerprintFor(Purpose::kAccess) + "\""},
        {"iat", std::to_string(now)},
        {"iss", R"("vibestack")"},
        {"jti", "\"" + NewUuid() + "\""},
        {"purpose", R"("access")"},
        {"sub", "\"" + ann_.id + "\""}};
    for (const auto& [name, value] : other) claims[name] = value;
    std::string payload;
    for (const auto& [name, value] : claims) {
      if (!value.empty())
        absl::StrAppend(&payload, payload.empty() ? "{\"" : ",\"", name, "\":", value);
    }
    return payload + "}";
  }

  std::string GetMe(const std::string& token) {
    user::v1::GetUserRequest request;
    request.set_id("me");
    return Call(services_.users(), &UserService::Stub::GetUser, request, {.token = token}).reason();
  }
  std::string ListJobs(const std::string& token) {
    return Call(services_.jobs(), &JobService::Stub::ListJobs, job::v1::ListJobsRequest(),
                {.token = token})
        .reason();
  }
  std::string Refresh(const std::string& token) {
    user::v1::RefreshTokenRequest request;
    request.set_refresh_token(token);
    return Call(services_.auth(), &AuthService::Stub::RefreshToken, request).reason();
  }

  // Expects that both services refuse the token for this reason.
  void ExpectRefused(const std::string& token, const std::string& what,
                     const std::string& reason = "TOKEN_INVALID") {
    EXPECT_EQ(GetMe(token), reason) << what;
    EXPECT_EQ(ListJobs(token), reason) << what;
  }

  Services services_{{.callback_keys = true}};
  const Person ann_ = services_.SignUp();
  const std::string keys_directory_ = services_.directory() + "/keys";
  const std::unique_ptr<auth::KeyRing> keys_ = *auth::KeyRing::Open(keys_directory_);
  const auth::TokenIssuer issuer_{keys_->Provider(), SystemClock::Instance()};
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_AUTH_TOKENS_TOKENS_FIXTURE_H_
