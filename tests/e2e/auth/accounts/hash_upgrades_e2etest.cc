// A raised bcrypt cost applies at the next log-in, and ends no tokens.
#include <gmock/gmock.h>

#include "common/auth/bcrypt.h"
#include "tests/support/database.h"
#include "tests/support/services.h"

namespace vibestack::e2e {
namespace {

using testing::StartsWith;

class HashUpgrades : public testing::Test {
 protected:
  std::string Hash() {
    return database_.One("SELECT hashed_password FROM users WHERE id = '" + ann_.id + "'");
  }
  // Stores this hash for Ann, as a foreign program does.
  void Store(const std::string& hash) {
    database_.Run("UPDATE users SET hashed_password = " + database_.Quote(hash) + " WHERE id = '" +
                  ann_.id + "'");
  }
  Result<user::v1::TokenResponse> LogIn(const std::string& password) {
    user::v1::LoginRequest request;
    request.set_email(ann_.email);
    request.set_password(password);
    return Call(services_.auth(), &AuthService::Stub::Login, request);
  }
  bool IsUpgraded() {
    return Eventually(absl::Seconds(10), [&] { return Hash().substr(0, 7) == "$2b$06$"; });
  }
  std::string HashAt(int cost) { return *auth::HashPassword(Secret(ann_.password), cost); }

  Services services_{{.user_flags = {"--bcrypt_cost=6"}}};
  const Person ann_ = services_.SignUp();
  Database database_;
};

TEST_F(HashUpgrades, ARightPasswordRaisesTheCostWithTheSameSaltAndKeepsAllTokens) {
  for (const char* prefix : {"$2b", "$2a", "$2y"}) {
    const std::string old = prefix + HashAt(4).substr(3);
    Store(old);
    const auto before = LogIn(ann_.password);
    ASSERT_TRUE(before.ok()) << Describe(before.status);
    ASSERT_TRUE(IsUpgraded()) << Hash();
    EXPECT_EQ(Hash().substr(7, 22), old.substr(7, 22));
    EXPECT_TRUE(LogIn(ann_.password).ok());
    user::v1::GetUserRequest me;
    me.set_id("me");
    EXPECT_TRUE(Call(services_.users(), &UserService::Stub::GetUser, me,
                     {.token = before.value.access_token()})
                    .ok());
    EXPECT_TRUE(Call(services_.jobs(), &JobService::Stub::ListJobs, job::v1::ListJobsRequest(),
                     {.token = before.value.access_token()})
                    .ok());
    user::v1::RefreshTokenRequest refresh;
    refresh.set_refresh_token(before.value.refresh_token());
    EXPECT_TRUE(Call(services_.auth(), &AuthService::Stub::RefreshToken, refresh).ok());
  }
}

TEST_F(HashUpgrades, NothingElseChangesAHash) {
  const std::string old = HashAt(4);
  Store(old);
  EXPECT_FALSE(LogIn("wrong horse").ok());
  database_.Run("UPDATE users SET is_active = false WHERE id = '" + ann_.id + "'");
  EXPECT_FALSE(LogIn(ann_.password).ok());
  EXPECT_EQ(Hash(), old);
  database_.Run("UPDATE users SET is_active = true WHERE id = '" + ann_.id + "'");
  const std::string dear = HashAt(7);
  Store(dear);
  EXPECT_TRUE(LogIn(ann_.password).ok());
  // Wait for the upgrade of another user: by then any upgrade of Ann's hash would be stored.
  const Person bob = services_.SignUp();
  database_.Run("UPDATE users SET hashed_password = " +
                database_.Quote(*auth::HashPassword(Secret(bob.password), 4)) + " WHERE id = '" +
                bob.id + "'");
  user::v1::LoginRequest login;
  login.set_email(bob.email);
  login.set_password(bob.password);
  EXPECT_TRUE(Call(services_.auth(), &AuthService::Stub::Login, login).ok());
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] {
    return database_.One("SELECT left(hashed_password, 7) FROM users WHERE id = '" + bob.id +
                         "'") == "$2b$06$";
  }));
  EXPECT_EQ(Hash(), dear);
}

TEST_F(HashUpgrades, AnAbsurdOrMalformedHashLetsNobodyInAtOnce) {
  for (const std::string& hash :
       {"$2b$31$" + HashAt(4).substr(7), "$2b$17$" + HashAt(4).substr(7), std::string("*"),
        HashAt(4).substr(0, 59), std::string("correct horse battery"), std::string()}) {
    Store(hash);
    const absl::Time began = absl::Now();
    EXPECT_EQ(LogIn(ann_.password).reason(), "INVALID_CREDENTIALS") << hash;
    EXPECT_LT(absl::Now() - began, absl::Seconds(5)) << hash;
    EXPECT_EQ(Hash(), hash);
  }
}

}  // namespace
}  // namespace vibestack::e2e
