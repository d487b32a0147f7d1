// Each kind of token, sent to the calls that need another kind.
#include <functional>
#include <set>
#include <vector>

#include "absl/strings/str_replace.h"
#include "common/auth/jwt_json.h"
#include "tests/e2e/auth/tokens/tokens_fixture.h"

namespace vibestack::e2e {
namespace {

class TokenPurposes : public TokensTest {
 protected:
  std::string ListUsers(const std::string& token) {
    return Call(services_.users(), &UserService::Stub::ListUsers, user::v1::ListUsersRequest(),
                {.token = token})
        .reason();
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
  // Completes a job that is not the job of a callback token.
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
  // Introspects a token that was issued for one purpose and claims another. Expects this `active`.
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
};

TEST_F(TokenPurposes, EachPurposeIsTakenForItselfAndForNoOther) {
  struct Use {
    const char* name;
    std::function<std::string(const std::string&)> call;
    std::set<Purpose> takes;
    // The reason of the refusal, by purpose of a valid token that the method does not accept.
    std::map<Purpose, std::string> denies = {};
  };
  const std::vector<Use> uses = {
      {"GetUser",  // a service has no account, so no `me`
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
      {"CompleteJob",  // of another job, and without a lease token
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

TEST_F(TokenPurposes, IntrospectTokenSaysOfEachPurposeWhatItIsGoodForAndNothingElse) {
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

TEST_F(TokenPurposes, IntrospectTokenTakesNoPurposeForAnother) {
  for (const Purpose made : auth::kAllPurposes) {
    const std::string token = Issue(made);
    const std::string payload = *auth::Base64UrlDecode(PayloadOf(token));
    for (const Purpose claimed : auth::kAllPurposes) {
      const std::string relabelled = absl::StrReplaceAll(payload, {{Claim(made), Claim(claimed)}});
      // With the signature of the original token: never active.
      ExpectActive(
          absl::StrReplaceAll(token, {{PayloadOf(token), auth::Base64UrlEncode(relabelled)}}),
          made == claimed, made, claimed);
      // With a valid signature of our key: the claims of one purpose are not valid for another,
      // except for purposes with the same claims.
      const auto alike = [](Purpose purpose) {
        return purpose == Purpose::kRefresh ? Purpose::kAccess : purpose;
      };
      ExpectActive(Sign(Header(), relabelled), alike(made) == alike(claimed), made, claimed);
    }
  }
}

}  // namespace
}  // namespace vibestack::e2e
