// Which tokens the running services accept, and what invalidates a token.
#include "tests/e2e/auth/tokens/tokens_fixture.h"
#include "tests/unit/auth/test_keys.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;

using Tokens = TokensTest;

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
  EXPECT_EQ(Refresh(much), "INVALID_FIELDS");
  EXPECT_EQ(Refresh(Sign(Header(), Payload({{"jti", "\"" + much + "\""}}))), "INVALID_FIELDS");
  // gRPC refuses metadata of this size, so the call fails before it reaches the service.
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
  // Another account with the same id, email and password.
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
