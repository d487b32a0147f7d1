// The duration of a log-in reveals nothing about the account.
#include <gtest/gtest-spi.h>

#include "common/auth/bcrypt.h"
#include "tests/support/database.h"
#include "tests/support/services.h"
#include "tests/support/timings.h"

namespace vibestack::e2e {
namespace {

TEST(LoginTiming, IsTheSameForUnknownEmailsWrongPasswordsAndBannedAccounts) {
  Services services({.user_flags = {"--bcrypt_cost=7", "--login_failures_per_address=1000000",
                                    "--login_failures_per_account_and_address=1000000",
                                    "--login_failures_per_account=1000000"}});
  const Person known = services.SignUp();
  const Person banned = services.SignUp();
  const Person old = services.SignUp();
  Database database;
  database.Run("UPDATE users SET is_active = false WHERE id = '" + banned.id + "'");
  database.Run("UPDATE users SET hashed_password = " +
               database.Quote(*auth::HashPassword(Secret(old.password), 6)) + " WHERE id = '" +
               old.id + "'");
  const auto step = [&services](const std::string& email, const std::string& password) {
    return [&services, email, password] {
      user::v1::LoginRequest request;
      request.set_email(email);
      request.set_password(password);
      EXPECT_EQ(Call(services.auth(), &AuthService::Stub::Login, request).reason(),
                "INVALID_CREDENTIALS");
    };
  };
  // All emails are of the same length.
  ExpectSameTime({{"unknown email", step(NewUuid() + "@example.org", "wrong horse")},
                  {"wrong password", step(known.email, "wrong horse")},
                  {"banned, wrong password", step(banned.email, "wrong horse")},
                  {"banned, right password", step(banned.email, banned.password)},
                  {"hash of a lower cost", step(old.email, "wrong horse")}});
}

void Spin(absl::Duration duration) {
  for (const absl::Time end = absl::Now() + duration; absl::Now() < end;) {
  }
}

TEST(LoginTiming, TheTestDetectsADifferenceOfATenth) {
  const TimedStep quick = {"quick", [] { Spin(absl::Microseconds(1'000)); }};
  const TimedStep slow = {"slow", [] { Spin(absl::Microseconds(1'100)); }};
  EXPECT_NONFATAL_FAILURE(ExpectSameTime({quick, slow}), "not within 5 %");
}

}  // namespace
}  // namespace vibestack::e2e
