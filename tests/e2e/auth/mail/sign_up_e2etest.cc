// The three ways to sign up.
#include <future>

#include "tests/e2e/auth/mail/mail_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kPassword[] = "correct horse battery";
constexpr char kSignUpPath[] = "/vibestack.user.v1.AuthService/SignUp";
constexpr char kConfirmPath[] = "/vibestack.user.v1.AuthService/ConfirmSignUp";

std::string NewEmail() { return NewUuid() + "@example.org"; }

// The bytes of a message, followed by any other bytes.
template <typename Message>
std::string With(const Message& message, const std::string& more) {
  return message.SerializeAsString() + more;
}

// Fields that the requests do not have but an attacker may send: is_active, is_superuser and
// created_at with their numbers in User, and a text with a high number.
const std::pair<const char*, std::string> kForeignFields[] = {
    {"field 5", "\x28\x01"},
    {"field 6", "\x30\x01"},
    {"field 7", std::string("\x3a\x02\x08\x01")},
    {"field 8", std::string("\x42\x02\x08\x01")},
    {"field 100", std::string("\xa2\x06\x04nice")}};

class ConfirmedSignUp : public MailTest {
 protected:
  ConfirmedSignUp() : MailTest({"--sign_up_mode=confirmed"}) {}

  Result<user::v1::User> SignUp(const std::string& email) {
    user::v1::SignUpRequest request;
    request.set_email(email);
    return Call(services_.auth(), &AuthService::Stub::SignUp, request);
  }
  Result<user::v1::User> Confirm(const std::string& token,
                                 const std::string& password = kPassword) {
    user::v1::ConfirmSignUpRequest request;
    request.set_token(token);
    request.set_password(password);
    request.set_full_name("Ann");
    return Call(services_.auth(), &AuthService::Stub::ConfirmSignUp, request);
  }
  std::string SignUpToken(const std::string& email) {
    EXPECT_TRUE(SignUp(email).ok());
    return mailbox_.Await(email)["token"];
  }
  std::string Count(const std::string& email) {
    Database database;
    return database.One("SELECT count(*) FROM users WHERE lower(email) = lower(" +
                        database.Quote(email) + ")");
  }
};

TEST_F(ConfirmedSignUp, AccountIsMadeByWhoReadsTheMailbox) {
  const std::string email = NewEmail();
  const auto begun = SignUp(email);
  ASSERT_TRUE(begun.ok()) << Describe(begun.status);
  user::v1::User only_email;
  only_email.set_email(email);
  EXPECT_EQ(begun.value.SerializeAsString(), only_email.SerializeAsString());
  auto mail = mailbox_.Await(email);
  EXPECT_EQ(mail["event"], "sign_up");
  EXPECT_EQ(Count(email), "0");
  const auto made = Confirm(mail["token"]);
  ASSERT_TRUE(made.ok()) << Describe(made.status);
  EXPECT_EQ(made.value.id(), mail["user_id"]);
  EXPECT_EQ(made.value.email(), email);
  EXPECT_EQ(made.value.full_name(), "Ann");
  EXPECT_TRUE(made.value.is_active());
  EXPECT_FALSE(made.value.is_superuser());
  EXPECT_TRUE(TryLogIn(email, kPassword).ok());
}

TEST_F(ConfirmedSignUp, KnownEmailsGetTheSameAnswerAndAnotherMail) {
  const std::string email = NewEmail();
  ASSERT_TRUE(Confirm(SignUpToken(email)).ok());
  const auto unknown = SignUp("x" + email);
  const auto known = SignUp(email);
  ASSERT_TRUE(known.ok()) << Describe(known.status);
  user::v1::User answer = unknown.value;
  answer.set_email(email);
  EXPECT_EQ(known.value.SerializeAsString(), answer.SerializeAsString());
  auto mail = mailbox_.Await(email);
  EXPECT_EQ(mail["event"], "sign_up_existing");
  EXPECT_EQ(mail.count("token"), 0U);
  EXPECT_EQ(mailbox_.Await("x" + email)["event"], "sign_up");
}

TEST_F(ConfirmedSignUp, RepeatedConfirmationIsSafeAndAnotherOneIsNot) {
  const std::string token = SignUpToken(NewEmail());
  const auto made = Confirm(token);
  const auto again = Confirm(token);
  ASSERT_TRUE(again.ok()) << Describe(again.status);
  EXPECT_EQ(again.value.SerializeAsString(), made.value.SerializeAsString());
  const auto other = Confirm(token, "another password");
  EXPECT_EQ(other.code(), grpc::ALREADY_EXISTS);
  EXPECT_EQ(other.reason(), "TOKEN_USED");
}

TEST_F(ConfirmedSignUp, OfTwoSignUpsInDifferentCaseAtOnceOneMakesTheAccount) {
  for (int round = 0; round < 10; ++round) {
    const std::string email = "ann." + NewEmail();
    ASSERT_TRUE(SignUp(email).ok());
    ASSERT_TRUE(SignUp("ANN" + email.substr(3)).ok());
    std::vector<Mailbox::Mail> mails;
    ASSERT_TRUE(Eventually(absl::Seconds(10), [&] {
      for (auto& mail : mailbox_.Take(email)) mails.push_back(std::move(mail));
      return mails.size() == 2;
    }));
    auto other = std::async(std::launch::async, [&] { return Confirm(mails[1]["token"]); });
    const auto first = Confirm(mails[0]["token"]);
    const auto second = other.get();
    EXPECT_NE(first.ok(), second.ok());
    EXPECT_EQ((first.ok() ? second : first).reason(), "EMAIL_TAKEN");
    EXPECT_EQ(Count(email), "1");
  }
}

TEST_F(ConfirmedSignUp, OnlyTheEmailIsTakenFirst) {
  user::v1::SignUpRequest request;
  request.set_email(NewEmail());
  request.set_password(kPassword);
  request.set_full_name("Ann");
  request.set_bio("");
  const auto refused = Call(services_.auth(), &AuthService::Stub::SignUp, request);
  EXPECT_EQ(refused.code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(BadFields(refused.status), (std::set<std::string>{"password", "full_name", "bio"}));
}

TEST_F(ConfirmedSignUp, NobodyRaisesThemselvesByFieldsThatAreNotTheirs) {
  user::v1::SignUpRequest sign_up;
  sign_up.set_email(NewEmail());
  user::v1::ConfirmSignUpRequest confirm;
  confirm.set_token(SignUpToken(NewEmail()));
  confirm.set_password(kPassword);
  for (const auto& [name, bytes] : kForeignFields) {
    for (const auto& [path, message] : {std::pair(kSignUpPath, With(sign_up, bytes)),
                                        std::pair(kConfirmPath, With(confirm, bytes))}) {
      const auto refused = CallRaw(services_.user().channel(), path, message);
      EXPECT_EQ(refused.code(), grpc::INVALID_ARGUMENT) << path << " " << name;
      EXPECT_EQ(BadFields(refused.status), std::set<std::string>{name}) << path;
    }
  }
  EXPECT_TRUE(Confirm(confirm.token()).ok());
  EXPECT_THAT(mailbox_.Take(sign_up.email()), IsEmpty());
}

TEST_F(ConfirmedSignUp, NoOtherTokenConfirms) {
  const std::string email = NewEmail();
  ASSERT_TRUE(Confirm(SignUpToken(email)).ok());
  const Person person = services_.LogIn(email, kPassword);
  for (const std::string& token : {person.access_token, person.refresh_token, ResetToken(email),
                                   services_.service_token(), std::string("x")}) {
    EXPECT_EQ(Confirm(token).reason(), "TOKEN_INVALID");
  }
  const std::string token = SignUpToken(NewEmail());
  EXPECT_EQ(GetMe(token).reason(), "TOKEN_INVALID");
  EXPECT_EQ(Refresh(token).reason(), "TOKEN_INVALID");
  EXPECT_EQ(Reset(token, kPassword).reason(), "TOKEN_INVALID");
}

TEST(OpenSignUp, NobodyRaisesThemselvesByFieldsThatAreNotTheirs) {
  Services services;
  user::v1::SignUpRequest request;
  request.set_email(NewEmail());
  request.set_password(kPassword);
  for (const auto& [name, bytes] : kForeignFields) {
    const auto refused = CallRaw(services.user().channel(), kSignUpPath, With(request, bytes));
    EXPECT_EQ(refused.code(), grpc::INVALID_ARGUMENT) << name;
    EXPECT_EQ(BadFields(refused.status), std::set<std::string>{name});
  }
  const auto made = Call(services.auth(), &AuthService::Stub::SignUp, request);
  ASSERT_TRUE(made.ok()) << Describe(made.status);
  EXPECT_FALSE(made.value.is_superuser());
}

TEST(ClosedSignUp, NobodySignsUp) {
  Services services({.user_flags = {"--sign_up_mode=closed"}});
  user::v1::SignUpRequest request;
  request.set_email(NewEmail());
  request.set_password(kPassword);
  const auto refused = Call(services.auth(), &AuthService::Stub::SignUp, request);
  EXPECT_EQ(refused.code(), grpc::PERMISSION_DENIED);
  EXPECT_EQ(refused.reason(), "SIGN_UP_CLOSED");
  EXPECT_FALSE(services.CreateSuperuser().id.empty());  // the operator still can
}

}  // namespace
}  // namespace vibestack::e2e
