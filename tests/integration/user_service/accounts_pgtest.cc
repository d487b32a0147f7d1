#include "user_service/domain/accounts.h"

#include <thread>

#include "common/auth/bcrypt.h"
#include "common/auth/es256.h"
#include "common/base/clock.h"
#include "tests/integration/user_service/fixture.h"
#include "user_service/domain/sessions.h"

namespace vibestack::user_service {
namespace {

// Hashes of `correct horse` by Python's bcrypt and passlib.
constexpr const char* kPythonHashes[] = {
    "$2b$04$yRCu4aAwsxR8vNzfotTD3.JKB0dgy0w3AI.BGcFwOe6WoDsAApPNW",
    "$2a$04$hg8aSlK7iZlED/sTBwk.nueF8qZxVaf7MPjocdwZXj6LOTykQVrjO",
    "$2y$04$T7APPyZure1RhbyG3zyPbeardGHvcKJZ7m4YMRv.e6sN7k9HgzzdS"};

auth::KeySetProvider OneKey() {
  const auto pem = auth::Es256Key::Generate()->ToPrivatePem();
  const auto keys = *auth::KeySet::FromPems({{"k1", *pem}});
  return [keys] { return keys; };
}

class AccountsTest : public UserServiceTest {
 protected:
  absl::StatusOr<UserPtr> Create(const NewAccount& account) {
    return SyncWait(accounts_.Create(account, Soon()));
  }
  absl::StatusOr<Sessions::Tokens> LogIn(const std::string& email, const std::string& password) {
    return SyncWait(sessions_.LogIn(email, Secret(password), Soon())).tokens;
  }
  absl::StatusOr<Sessions::Tokens> Refresh(const Secret& token) {
    return SyncWait(sessions_.Refresh(token.Reveal(), Soon()));
  }

  Sessions sessions_{
      users_, passwords_, OneKey(), SystemClock::Instance(), {.fingerprint_key = Secret("key")}};
};

TEST_F(AccountsTest, OfManySignUpsOfOneEmailAtOnceOneSucceeds) {
  for (int round = 0; round < 10; ++round) {
    const std::string name = "ann" + std::to_string(round);
    const std::string emails[] = {name + "@example.com", name + "@EXAMPLE.com",
                                  "A" + name.substr(1) + "@example.com", name + "@example.COM"};
    absl::Status statuses[4];
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] { statuses[i] = Create(MakeAccount(emails[i])).status(); });
    }
    for (std::thread& thread : threads) thread.join();
    int made = 0;
    for (const absl::Status& status : statuses) {
      made += status.ok() ? 1 : 0;
      if (!status.ok()) {
        EXPECT_EQ(ErrorReason(status), "EMAIL_TAKEN") << status;
      }
    }
    EXPECT_EQ(made, 1);
    EXPECT_EQ(Sql("SELECT count(*) FROM users")[0][0].as<int>(), round + 1);
  }
}

TEST_F(AccountsTest, TheSameIdAndContentIsOneAccount) {
  NewAccount account = MakeAccount("Ann@example.com");
  account.id = NewUuid();
  account.full_name = "Ann";
  const auto first = Create(account);
  const auto second = Create(account);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ((*first)->updated_at, (*second)->updated_at);
}

TEST_F(AccountsTest, TheSameIdAtOnceIsOneAccount) {
  NewAccount account = MakeAccount("ann@example.com");
  account.id = NewUuid();
  absl::Status other;
  std::thread thread([&] { other = Create(account).status(); });
  const absl::Status mine = Create(account).status();
  thread.join();
  EXPECT_TRUE(mine.ok()) << mine;
  EXPECT_TRUE(other.ok()) << other;
}

TEST_F(AccountsTest, TheSameIdWithOtherContentIsRefused) {
  NewAccount account = MakeAccount("ann@example.com");
  account.id = NewUuid();
  ASSERT_TRUE(Create(account).ok());
  std::vector<NewAccount> others(5, account);
  others[0].email = "bob@example.com";
  others[1].password = Secret("another horse");
  others[2].bio = "";
  others[3].is_superuser = true;
  others[4].is_active = false;
  for (const NewAccount& other : others) {
    EXPECT_EQ(ErrorReason(Create(other).status()), "ID_TAKEN");
  }
}

TEST_F(AccountsTest, HashesOfPythonLogIn) {
  int i = 0;
  for (const char* hash : kPythonHashes) {
    const std::string email = "User" + std::to_string(i++) + "@Example.com";
    InsertForeign(email, hash);
    EXPECT_TRUE(LogIn(email, "correct horse").ok()) << hash;
    EXPECT_TRUE(LogIn("user" + email.substr(4), "correct horse").ok()) << hash;
    EXPECT_EQ(ErrorReason(LogIn(email, "wrong horse").status()), "INVALID_CREDENTIALS");
  }
}

TEST_F(AccountsTest, EveryFailedLogInIsTheSameError) {
  InsertForeign("malformed@x", "plain text");
  InsertForeign("absurd@x", "$2b$31$" + std::string(53, 'a'));
  InsertForeign("banned@x", kPythonHashes[0]);
  InsertForeign("fine@x", kPythonHashes[0]);
  Sql("UPDATE users SET is_active = false WHERE email = 'banned@x'");
  const absl::Status expected = LogIn("nobody@x", "correct horse").status();
  EXPECT_EQ(ErrorReason(expected), "INVALID_CREDENTIALS");
  for (const char* email : {"malformed@x", "absurd@x", "banned@x"}) {
    EXPECT_EQ(LogIn(email, "correct horse").status(), expected) << email;
  }
  EXPECT_EQ(LogIn("fine@x", "wrong horse").status(), expected);
}

TEST_F(AccountsTest, AnUnknownOrMalformedAccountCostsAWholeCompare) {
  InsertForeign("malformed@x", "plain text");
  InsertForeign("absurd@x", "$2b$31$" + std::string(53, 'a'));
  constexpr int kCost = 9;
  Passwords slow(password_pool_, kCost);
  Sessions sessions(users_, slow, OneKey(), SystemClock::Instance(),
                    {.fingerprint_key = Secret("key")});
  const absl::Time began = absl::Now();
  ASSERT_TRUE(auth::HashPassword(Secret("correct horse"), kCost).ok());
  const absl::Duration one_hash = absl::Now() - began;
  for (const char* email : {"nobody@x", "malformed@x", "absurd@x"}) {
    const absl::Time asked = absl::Now();
    EXPECT_FALSE(SyncWait(sessions.LogIn(email, Secret("correct horse"), Soon())).tokens.ok());
    EXPECT_GT(absl::Now() - asked, one_hash / 2) << email;
  }
}

TEST_F(AccountsTest, ARefreshTokenLastsAsLongAsThePassword) {
  const std::string id = (*Create(MakeAccount("ann@example.com")))->id;
  const auto tokens = LogIn("ann@example.com", "correct horse");
  ASSERT_TRUE(tokens.ok());
  EXPECT_EQ(tokens->expires_in, absl::Minutes(15));
  EXPECT_TRUE(Refresh(tokens->refresh_token).ok());
  EXPECT_EQ(ErrorReason(Refresh(tokens->access_token).status()), "TOKEN_INVALID");
  Sql("UPDATE users SET hashed_password = " + Quoted(kPythonHashes[0]) + " WHERE id = '" + id +
      "'");
  EXPECT_EQ(ErrorReason(Refresh(tokens->refresh_token).status()), "TOKEN_INVALID");
}

TEST_F(AccountsTest, ABanEndsRefreshTokensAtOnce) {
  const std::string id = (*Create(MakeAccount("ann@example.com")))->id;
  const auto tokens = LogIn("ann@example.com", "correct horse");
  Sql("UPDATE users SET is_active = false WHERE id = '" + id + "'");
  EXPECT_EQ(ErrorReason(Refresh(tokens->refresh_token).status()), "ACCOUNT_INACTIVE");
}

TEST_F(AccountsTest, ASuperuserIsMadeOrPromotedAndReactivated) {
  const auto make = [this](const std::string& email, const std::string& password) {
    return SyncWait(accounts_.MakeSuperuser(email, Secret(password), Soon()));
  };
  EXPECT_EQ(ErrorReason(make("root@x", "").status()), "PASSWORD_REQUIRED");
  const auto made = make("Root@x", "correct horse");
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE((*made)->is_superuser);
  EXPECT_EQ((*made)->email, "root@x");
  Sql("UPDATE users SET is_active = false, is_superuser = false");
  const auto promoted = make("ROOT@X", "");
  ASSERT_TRUE(promoted.ok());
  EXPECT_EQ((*promoted)->id, (*made)->id);
  EXPECT_TRUE((*promoted)->is_superuser && (*promoted)->is_active);
  EXPECT_TRUE(LogIn("root@x", "correct horse").ok());
  ASSERT_TRUE(make("root@x", "another horse").ok());
  EXPECT_FALSE(LogIn("root@x", "correct horse").ok());
  EXPECT_TRUE(LogIn("root@x", "another horse").ok());
}

}  // namespace
}  // namespace vibestack::user_service
