// The answers of IntrospectToken, and its allowed callers.
#include "tests/e2e/auth/mail/mail_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

class IntrospectedToken : public MailTest {
 protected:
  // Expects a response with `active: false` and no other field.
  void ExpectInactive(const std::string& token) {
    const auto answer = Introspect(token);
    ASSERT_TRUE(answer.ok()) << Describe(answer.status);
    EXPECT_EQ(answer.value.SerializeAsString(), std::string("\x08\x00", 2));
  }
};

TEST_F(IntrospectedToken, SaysWhatAnActiveTokenSays) {
  const Person person = services_.SignUp();
  const auto answer = Introspect(person.access_token);
  ASSERT_TRUE(answer.ok()) << Describe(answer.status);
  EXPECT_TRUE(answer.value.active());
  EXPECT_EQ(answer.value.token_type(), "Bearer");
  EXPECT_EQ(answer.value.purpose(), "access");
  EXPECT_EQ(answer.value.sub(), person.id);
  EXPECT_EQ(answer.value.iss(), "vibestack");
  EXPECT_EQ(answer.value.aud(), "vibestack");
  EXPECT_EQ(answer.value.exp() - answer.value.iat(), 15 * 60);
  EXPECT_LE(answer.value.iat(), absl::ToUnixSeconds(absl::Now()));
  EXPECT_LE(answer.value.auth_time(), answer.value.iat());
  EXPECT_GT(answer.value.auth_time(), answer.value.iat() - 60);
  EXPECT_TRUE(IsUuidV4(answer.value.jti()));
  EXPECT_EQ(answer.value.username(), person.email);
}

TEST_F(IntrospectedToken, EachKindIsKnown) {
  const Person person = services_.SignUp();
  const auto refresh = Introspect(person.refresh_token);
  EXPECT_EQ(refresh.value.purpose(), "refresh");
  EXPECT_EQ(refresh.value.token_type(), "");
  EXPECT_EQ(Introspect(ResetToken(person.email)).value.purpose(), "reset");
  const auto service = Introspect(services_.service_token());
  EXPECT_EQ(service.value.purpose(), "service");
  EXPECT_EQ(service.value.token_type(), "Bearer");
  EXPECT_EQ(service.value.sub(), "e2e");
  EXPECT_EQ(service.value.username(), "");
}

TEST_F(IntrospectedToken, IsInactiveAndNothingElseOnceItsAccountLetsItDown) {
  const Person person = services_.SignUp();
  const std::string reset = ResetToken(person.email);
  Database database;
  database.Run("UPDATE users SET is_active = false WHERE id = '" + person.id + "'");
  for (const std::string& token : {person.access_token, person.refresh_token, reset}) {
    ExpectInactive(token);
  }
  database.Run("UPDATE users SET is_active = true WHERE id = '" + person.id + "'");
  EXPECT_TRUE(Introspect(person.access_token).value.active());
  ASSERT_TRUE(Reset(reset, "battery staple").ok());
  for (const std::string& token : {person.access_token, person.refresh_token, reset}) {
    ExpectInactive(token);
  }
  database.Run("DELETE FROM users WHERE id = '" + person.id + "'");
  ExpectInactive(person.access_token);
}

TEST_F(IntrospectedToken, IsInactiveWhereItIsNone) {
  const Person person = services_.SignUp();
  const std::string& token = person.access_token;
  for (const std::string& none : {std::string("x"), std::string("a.b.c"), std::string(4096, 'a'),
                                  token + "x", token.substr(1), "Bearer " + token}) {
    ExpectInactive(none);
  }
}

TEST_F(IntrospectedToken, IsForServicesAndSuperusersOnly) {
  const Person person = services_.SignUp();
  const Person superuser = services_.CreateSuperuser();
  user::v1::IntrospectTokenRequest request;
  request.set_token(person.access_token);
  const auto as = [&](const std::string& token) {
    return Call(services_.auth(), &AuthService::Stub::IntrospectToken, request, {.token = token});
  };
  EXPECT_TRUE(as(superuser.access_token).value.active());
  EXPECT_EQ(as(person.access_token).code(), grpc::PERMISSION_DENIED);
  EXPECT_EQ(as("").reason(), "TOKEN_MISSING");
}

}  // namespace
}  // namespace vibestack::e2e
