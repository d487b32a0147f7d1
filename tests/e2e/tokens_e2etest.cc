// Tokens at the running services: which are taken where, and what makes one void.
#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <memory>

#include "absl/strings/str_replace.h"
#include "common/auth/base64url.h"
#include "common/auth/fingerprint.h"
#include "common/auth/jwt_json.h"
#include "common/auth/key_files.h"
#include "common/auth/key_ring.h"
#include "common/auth/token_issuer.h"
#include "common/base/clock.h"
#include "tests/support/database.h"
#include "tests/support/services.h"
#include "tests/unit/auth/test_keys.h"

namespace vibestack::e2e {
namespace {

using auth::Purpose;
using testing::HasSubstr;

class Tokens : public testing::Test {
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
  std::string Payload(std::map<std::string, std::string> other = {}) {
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
    for (auto& [name, value] : other) claims[name] = value;
    std::string payload;
    for (const auto& [name, value] : claims) {
      if (!value.empty()) payload += (payload.empty() ? "{\"" : ",\"") + name + "\":" + value;
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
  std::string ListUsers(const std::string& token) {
    return Call(services_.users(), &UserService::Stub::ListUsers, user::v1::ListUsersRequest(),
                {.token = token})
        .reason();
  }
  std::string Refresh(const std::string& token) {
    user::v1::RefreshTokenRequest request;
    request.set_refresh_token(token);
    return Call(services_.auth(), &AuthService::Stub::RefreshToken, request).reason();
  }

  std::string Reset(const std::string& token) {
    user::v1::ResetPasswordRequest request;
    request.set_token(token);
    request.set_new_password("battery staple");
    return Call(services_.auth(), &AuthService::Stub::ResetPassword, request).reason();
  }
  std::string ConfirmSignUp(const std::string& token) {
    user::v1::ConfirmSignUpRequest request;
    request.set_token(token);
    request.set_password("battery staple");
    return Call(services_.auth(), &AuthService::Stub::ConfirmSignUp, request).reason();
  }

  Result<user::v1::IntrospectTokenResponse> Introspect(const std::string& token,
                                                       const std::string& caller) {
    user::v1::IntrospectTokenRequest request;
    request.set_token(token);
    return Call(services_.auth(), &AuthService::Stub::IntrospectToken, request, {.token = caller});
  }
  // Of a job that is not the token's.
  std::string CompleteJob(const std::string& token) {
    job::v1::CompleteJobRequest request;
    request.set_id(NewUuid());
    request.set_result_json("1");
    return Call(services_.jobs(), &JobService::Stub::CompleteJob, request, {.token = token})
        .reason();
  }

  static std::string PayloadOf(const std::string& token) {
    const size_t begin = token.find('.') + 1;
    return token.substr(begin, token.rfind('.') - begin);
  }
  static std::string Claim(Purpose purpose) {
    return R"("purpose":")" + auth::PurposeName(purpose) + "\"";
  }
  // What IntrospectToken says of a token that was made for one purpose and claims another.
  void ExpectActive(const std::string& token, bool active, Purpose made, Purpose claimed) {
    const auto answer = Introspect(token, services_.service_token());
    const std::string what = auth::PurposeName(made) + " as " + auth::PurposeName(claimed);
    ASSERT_TRUE(answer.ok()) << what << Describe(answer.status);
    EXPECT_EQ(answer.value.active(), active) << what;
    if (active) {
      EXPECT_EQ(answer.value.purpose(), auth::PurposeName(claimed)) << what;
    } else {
      EXPECT_EQ(answer.value.SerializeAsString(), std::string("\x08\x00", 2)) << what;
    }
  }

  // Both services refuse it, as one that is not good or as one that has expired.
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

TEST_F(Tokens, EachPurposeIsTakenForItselfAndForNoOther) {
  struct Use {
    const char* name;
    std::function<std::string(const std::string&)> call;
    std::set<Purpose> takes;
    // What a good token is told that the method is not for.
    std::map<Purpose, std::string> denies = {};
  };
  const std::vector<Use> uses = {
      {"GetUser",  // a service is nobody's `me`
       [this](const std::string& token) { return GetMe(token); },
       {Purpose::kAccess},
       {{Purpose::kService, "INVALID_FIELDS"}}},
      {"ListJobs",
       [this](const std::string& token) { return ListJobs(token); },
       {Purpose::kAccess, Purpose::kService},
       {{Purpose::kCallback, "ROLE_REQUIRED"}}},
      {"ListUsers",  // Ann is no superuser
       [this](const std::string& token) { return ListUsers(token); },
       {Purpose::kService},
       {{Purpose::kAccess, "ROLE_REQUIRED"}}},
      {"IntrospectToken",
       [this](const std::string& token) { return Introspect("x", token).reason(); },
       {Purpose::kService},
       {{Purpose::kAccess, "ROLE_REQUIRED"}}},
      {"CompleteJob",  // of another job, and by a worker who shows no lease
       [this](const std::string& token) { return CompleteJob(token); },
       {},
       {{Purpose::kCallback, "OTHER_JOB"},
        {Purpose::kService, "INVALID_FIELDS"},
        {Purpose::kAccess, "ROLE_REQUIRED"}}},
      {"RefreshToken",
       [this](const std::string& token) { return Refresh(token); },
       {Purpose::kRefresh}},
      {"ConfirmSignUp",
       [this](const std::string& token) { return ConfirmSignUp(token); },
       {Purpose::kSignUp}},
      {"ResetPassword",  // last, for it ends Ann's tokens
       [this](const std::string& token) { return Reset(token); },
       {Purpose::kReset}}};
  for (const Purpose purpose : auth::kAllPurposes) {
    const std::string token = Issue(purpose);
    for (const Use& use : uses) {
      const auto denied = use.denies.find(purpose);
      const std::string expected = use.takes.contains(purpose)  ? ""
                                   : denied != use.denies.end() ? denied->second
                                                                : "TOKEN_INVALID";
      EXPECT_EQ(use.call(token), expected) << auth::PurposeName(purpose) << " at " << use.name;
    }
  }
}

TEST_F(Tokens, IntrospectTokenSaysOfEachPurposeWhatItIsGoodForAndNothingElse) {
  for (const Purpose purpose : auth::kAllPurposes) {
    const std::string name = auth::PurposeName(purpose);
    const std::string token = Issue(purpose);
    const auto answer = Introspect(token, services_.service_token());
    ASSERT_TRUE(answer.ok()) << name << Describe(answer.status);
    EXPECT_TRUE(answer.value.active()) << name;
    EXPECT_EQ(answer.value.purpose(), name);
    EXPECT_EQ(answer.value.sub(), *auth::JwtPayload::Decode(PayloadOf(token))->GetString("sub"));
    const bool is_of_account = auth::CarriesFingerprint(purpose);
    EXPECT_EQ(answer.value.username(), is_of_account ? ann_.email : "") << name;
    const bool is_sent_with_calls = purpose == Purpose::kAccess || purpose == Purpose::kService;
    EXPECT_EQ(answer.value.token_type(), is_sent_with_calls ? "Bearer" : "") << name;
    EXPECT_EQ(answer.value.exp() - answer.value.iat(), 5 * 60) << name;
  }
}

TEST_F(Tokens, IntrospectTokenTakesNoPurposeForAnother) {
  for (const Purpose made : auth::kAllPurposes) {
    const std::string token = Issue(made);
    const std::string payload = *auth::Base64UrlDecode(PayloadOf(token));
    for (const Purpose claimed : auth::kAllPurposes) {
      const std::string relabelled = absl::StrReplaceAll(payload, {{Claim(made), Claim(claimed)}});
      // Under the signature of what was made.
      ExpectActive(
          absl::StrReplaceAll(token, {{PayloadOf(token), auth::Base64UrlEncode(relabelled)}}),
          made == claimed, made, claimed);
      // And as our own key would sign it: what one purpose carries does not do for another, but for
      // those two that carry the same.
      const auto alike = [](Purpose purpose) {
        return purpose == Purpose::kRefresh ? Purpose::kAccess : purpose;
      };
      const bool is_callback_or_service =
          claimed == Purpose::kService && made == Purpose::kCallback;  // an id is a name, too
      ExpectActive(Sign(Header(), relabelled),
                   alike(made) == alike(claimed) || is_callback_or_service, made, claimed);
    }
  }
}

TEST_F(Tokens, OnlyOurAlgorithmKeyAndFormAreTaken) {
  ASSERT_EQ(GetMe(Sign(Header(), Payload())), "");
  const std::string kid = keys_->Snapshot()->signing_kid();
  const std::string payload = auth::Base64UrlEncode(Payload());
  ExpectRefused(auth::Base64UrlEncode(R"({"alg":"none","kid":")" + kid + R"(","typ":"JWT"})") +
                    "." + payload + ".",
                "alg=none");
  const std::string hs256 = R"({"alg":"HS256","kid":")" + kid + R"(","typ":"JWT"})";
  ExpectRefused(Sign(hs256, Payload()), "HS256");
  const auto* key = keys_->Snapshot()->Find(kid);
  for (const std::string& secret : {auth::PublicPem(key->x(), key->y()), key->x() + key->y()}) {
    ExpectRefused(auth::HmacToken(secret, hs256, Payload()), "a public key as HMAC secret");
    ExpectRefused(auth::HmacToken(secret, Header(), Payload()), "the same under our header");
  }
  ExpectRefused(Sign(R"({"alg":"ES256","kid":"another","typ":"JWT"})", Payload()), "wrong kid");
  std::string good = Sign(Header(), Payload());
  ExpectRefused(good.substr(0, good.size() - 1), "truncated signature");
  ExpectRefused(good.substr(0, good.rfind('.') + 1), "no signature");
  good[good.rfind('.') + 10] ^= 1;
  ExpectRefused(good, "a flipped bit");
  ExpectRefused("", "nothing", "TOKEN_MISSING");
}

TEST_F(Tokens, ClaimsThatAreNotOursAreRefused) {
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  const auto refuse = [&](const std::string& name, const std::string& value,
                          const std::string& reason = "TOKEN_INVALID") {
    ExpectRefused(Sign(Header(), Payload({{name, value}})), name + "=" + value, reason);
  };
  refuse("iss", R"("another")");
  refuse("aud", R"("another")");
  refuse("iat", std::to_string(now + 60));
  refuse("nbf", std::to_string(now + 60));
  refuse("sub", "");
  refuse("sub", R"("me")");
  refuse("sub", "7");
  refuse("purpose", R"("refresh")");
  refuse("fingerprint", "");
  ExpectRefused(
      Sign(Header(), Payload({{"iat", std::to_string(now - 60)}, {"exp", std::to_string(now)}})),
      "expired this second", "TOKEN_EXPIRED");
}

TEST_F(Tokens, SixtyFourKibibytesOfTokenAreRefused) {
  const std::string much(64 << 10, 'a');
  EXPECT_EQ(Refresh(much), "TOKEN_INVALID");
  EXPECT_EQ(Refresh(Sign(Header(), Payload({{"jti", "\"" + much + "\""}}))), "TOKEN_INVALID");
  // As metadata it is more than gRPC takes: the call fails before it is a call.
  user::v1::GetUserRequest request;
  request.set_id("me");
  grpc::ClientContext context;
  Prepare(context, {.token = much});
  user::v1::User nobody;
  const auto stub = UserService::NewStub(Connect(services_.user().address()));
  EXPECT_FALSE(stub->GetUser(&context, request, &nobody).ok());
  EXPECT_EQ(GetMe(ann_.access_token), "");
}

TEST_F(Tokens, ATokenDoesNotOutliveItsAccountNorComeBackWithItsId) {
  const std::string access = Issue(Purpose::kAccess);
  const std::string refresh = Issue(Purpose::kRefresh);
  ASSERT_EQ(GetMe(access) + ListJobs(access), "");
  Database database;
  database.Run("UPDATE users SET is_active = false WHERE id = '" + ann_.id + "'");
  const auto refused = [&] { return !GetMe(access).empty() && !ListJobs(access).empty(); };
  ASSERT_TRUE(Eventually(absl::Seconds(5), refused));
  ExpectRefused(access, "banned", "ACCOUNT_INACTIVE");
  EXPECT_EQ(Refresh(refresh), "ACCOUNT_INACTIVE");
  database.Run("DELETE FROM users WHERE id = '" + ann_.id + "'");
  ASSERT_TRUE(Eventually(absl::Seconds(5), [&] { return Refresh(refresh) == "TOKEN_INVALID"; }));
  ASSERT_TRUE(Eventually(absl::Seconds(5), [&] { return GetMe(access) == "TOKEN_INVALID"; }));
  ASSERT_TRUE(Eventually(absl::Seconds(5), [&] { return ListJobs(access) == "TOKEN_INVALID"; }));
  // Somebody else under the same id and email, with the same password.
  const Person superuser = services_.CreateSuperuser();
  user::v1::CreateUserRequest again;
  again.set_id(ann_.id);
  again.set_email(ann_.email);
  again.set_password(ann_.password);
  const auto made = Call(services_.users(), &UserService::Stub::CreateUser, again,
                         {.token = superuser.access_token});
  ASSERT_TRUE(made.ok()) << Describe(made.status);
  ExpectRefused(access, "re-created");
  EXPECT_EQ(Refresh(refresh), "TOKEN_INVALID");
}

TEST_F(Tokens, ARefusedTokenIsInTheAuditLogOfBothServicesWithTheReason) {
  ExpectRefused(Sign(R"({"alg":"ES256","kid":"another","typ":"JWT"})", Payload()), "wrong kid");
  ExpectRefused(Issue(Purpose::kRefresh), "refresh as access");
  Refresh(Issue(Purpose::kAccess));
  for (const std::string& log : {services_.user().log(), services_.job().log()}) {
    EXPECT_THAT(log, HasSubstr(R"("event":"token_refused","audit":true,"reason":"unknown_key")"));
    EXPECT_THAT(log, HasSubstr(R"("key_id":"another")"));
    EXPECT_THAT(log, HasSubstr(R"("reason":"wrong_purpose")"));
    EXPECT_THAT(log, HasSubstr(R"("user_id":")" + ann_.id + R"(","suppressed":)"));
  }
  EXPECT_THAT(services_.user().log(), HasSubstr(R"("rpc_method":"RefreshToken")"));
}

}  // namespace
}  // namespace vibestack::e2e
