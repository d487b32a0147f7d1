// The duration of an answer must not reveal whether an email has an account.
#include "tests/e2e/auth/mail/mail_fixture.h"
#include "tests/support/database.h"
#include "tests/support/timings.h"

namespace vibestack::e2e {
namespace {

using MailTiming = MailTest;

class TimingOfConfirmedSignUp : public MailTest {
 protected:
  TimingOfConfirmedSignUp() : MailTest({"--sign_up_mode=confirmed"}) {}
};

// All emails are of the same length.
std::string UnknownEmail() { return NewUuid() + "@example.org"; }

TEST_F(MailTiming, ResetTakesAsLongForKnownUnknownAndInactiveEmails) {
  const Person known = services_.SignUp();
  const Person inactive = services_.SignUp();
  Database().Run("UPDATE users SET is_active = false WHERE id = '" + inactive.id + "'");
  const std::string unknown = UnknownEmail();
  const auto step = [this](const std::string& email) {
    return [this, email] { EXPECT_TRUE(RequestReset(email).ok()); };
  };
  ExpectSameTime({{"known", step(known.email)},
                  {"inactive", step(inactive.email)},
                  {"unknown", step(unknown)}});
  EXPECT_NE(mailbox_.Await(known.email)["token"], "");
  EXPECT_TRUE(mailbox_.Take(unknown).empty());
}

TEST_F(TimingOfConfirmedSignUp, SignUpTakesAsLongForKnownAndUnknownEmails) {
  const Person known = services_.CreateSuperuser();
  const auto step = [this](const std::string& email) {
    return [this, email] {
      user::v1::SignUpRequest request;
      request.set_email(email);
      EXPECT_TRUE(Call(services_.auth(), &AuthService::Stub::SignUp, request).ok());
    };
  };
  ExpectSameTime({{"known", step(known.email)}, {"unknown", step(UnknownEmail())}});
  EXPECT_EQ(mailbox_.Await(known.email)["event"], "sign_up_existing");
}

}  // namespace
}  // namespace vibestack::e2e
