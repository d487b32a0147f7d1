// Passwords of 72 bytes, which bcrypt reads, and of 73 bytes, for every call that sets a password.
#include "tests/e2e/auth/mail/mail_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

using std::string_literals::operator""s;

std::string Repeated(const std::string& text, int times) {
  std::string whole;
  for (int i = 0; i < times; ++i) whole += text;
  return whole;
}

// The outcome of setting a password, and its account.
struct Setting {
  grpc::Status status;
  std::string email;
};

class PasswordLimits : public MailTest {
 protected:
  using MailTest::MailTest;

  // Checks the limits of one call that sets a password: it accepts passwords of up to 72 bytes, and
  // the whole password is needed to log in. It refuses longer ones, names `field`, and changes
  // nothing.
  void ExpectLimits(const std::string& field,
                    const std::function<Setting(const std::string&)>& set) {
    std::string email;
    for (const auto& [fits, shorter] : std::vector<std::pair<std::string, std::string>>{
             {Repeated("x", 72), Repeated("x", 71)},
             {Repeated("ö", 36), Repeated("ö", 35)},
             {"a" + Repeated("ö", 35) + "b", "a" + Repeated("ö", 35)},
             {Repeated("🦉", 18), Repeated("🦉", 17)},
             {"12345678", "1234567"}}) {
      const Setting setting = set(fits);
      EXPECT_TRUE(setting.status.ok()) << fits.size() << " " << Describe(setting.status);
      email = setting.email;
      EXPECT_TRUE(TryLogIn(email, fits).ok()) << fits.size();
      EXPECT_EQ(TryLogIn(email, shorter).reason(), "INVALID_CREDENTIALS") << fits.size();
      EXPECT_FALSE(TryLogIn(email, fits + "x").ok()) << fits.size();
    }
    for (const std::string& unfit :
         {Repeated("x", 73), "a" + Repeated("ö", 36), Repeated("🦉", 18) + "x", "1234567"s,
          "long enough\0"s, "\0long enough"s, "long\0enough"s, ""s}) {
      const Setting setting = set(unfit);
      EXPECT_EQ(setting.status.error_code(), grpc::INVALID_ARGUMENT) << unfit.size();
      EXPECT_EQ(BadFields(setting.status), std::set<std::string>{field});
      if (setting.email != email) {
        EXPECT_EQ(
            Database().One("SELECT count(*) FROM users WHERE email = '" + setting.email + "'"),
            "0");
      }
    }
    EXPECT_TRUE(TryLogIn(email, "12345678").ok()) << "what is refused changes nothing";
  }

  static std::string NewEmail() { return NewUuid() + "@example.org"; }
};

TEST_F(PasswordLimits, OfChangePassword) {
  Person person = services_.SignUp();
  ExpectLimits("new_password", [&](const std::string& password) -> Setting {
    const auto changed = ChangePassword(person.access_token, person.password, password);
    if (changed.ok()) {
      person.access_token = changed.value.access_token();
      person.password = password;
    }
    return {changed.status, person.email};
  });
}

TEST_F(PasswordLimits, OfResetPassword) {
  const Person person = services_.SignUp();
  ExpectLimits("new_password", [&](const std::string& password) -> Setting {
    return {Reset(ResetToken(person.email), password).status, person.email};
  });
}

TEST_F(PasswordLimits, OfSignUp) {
  ExpectLimits("password", [&](const std::string& password) -> Setting {
    user::v1::SignUpRequest request;
    request.set_email(NewEmail());
    request.set_password(password);
    return {Call(services_.auth(), &AuthService::Stub::SignUp, request).status, request.email()};
  });
}

TEST_F(PasswordLimits, OfCreateUser) {
  const Person superuser = services_.CreateSuperuser();
  ExpectLimits("password", [&](const std::string& password) -> Setting {
    user::v1::CreateUserRequest request;
    request.set_email(NewEmail());
    request.set_password(password);
    return {Call(services_.users(), &UserService::Stub::CreateUser, request,
                 {.token = superuser.access_token})
                .status,
            request.email()};
  });
}

TEST_F(PasswordLimits, OfTheCommandThatMakesASuperuser) {
  const auto make = [this](const std::string& email, const std::string& password) {
    return services_.RunUserService({"create-superuser", "--email=" + email},
                                    {"VIBESTACK_PASSWORD=" + password});
  };
  for (const std::string& fits : {Repeated("x", 72), Repeated("ö", 36)}) {
    const std::string email = NewEmail();
    EXPECT_EQ(make(email, fits).exit_code, 0);
    EXPECT_TRUE(TryLogIn(email, fits).ok());
  }
  for (const std::string& unfit : {Repeated("x", 73), "a" + Repeated("ö", 36), "1234567"s}) {
    const std::string email = NewEmail();
    const Finished refused = make(email, unfit);
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_NE(refused.standard_error.find("8 to 72 bytes"), std::string::npos)
        << refused.standard_error;
    EXPECT_EQ(Database().One("SELECT count(*) FROM users WHERE email = '" + email + "'"), "0");
  }
}

class ConfirmedPasswordLimits : public PasswordLimits {
 protected:
  ConfirmedPasswordLimits() : PasswordLimits({"--sign_up_mode=confirmed"}) {}
};

TEST_F(ConfirmedPasswordLimits, OfConfirmSignUp) {
  ExpectLimits("password", [&](const std::string& password) -> Setting {
    user::v1::SignUpRequest sign_up;
    sign_up.set_email(NewEmail());
    EXPECT_TRUE(Call(services_.auth(), &AuthService::Stub::SignUp, sign_up).ok());
    user::v1::ConfirmSignUpRequest request;
    request.set_token(mailbox_.Await(sign_up.email())["token"]);
    request.set_password(password);
    return {Call(services_.auth(), &AuthService::Stub::ConfirmSignUp, request).status,
            sign_up.email()};
  });
}

}  // namespace
}  // namespace vibestack::e2e
