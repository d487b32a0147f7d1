#include "user_service/domain/account_writes.h"

#include <thread>

#include "common/auth/bcrypt.h"
#include "tests/integration/user_service/fixture.h"

namespace vibestack::user_service {
namespace {

class AccountWritesTest : public UserServiceTest {
 protected:
  std::string Make(const std::string& email) {
    return (*SyncWait(accounts_.Create(MakeAccount(email), Soon())))->id;
  }
  absl::StatusOr<UserPtr> ChangeEmail(const std::string& id, const std::string& email,
                                      const std::string& password) {
    UserChanges changes;
    changes.email = email;
    return SyncWait(writes_.Update(id, changes, Secret(password), Soon()));
  }
  std::string RowOf(const std::string& id) {
    return Sql("SELECT users::text FROM users WHERE id = '" + id + "'")[0][0].c_str();
  }

  AccountWrites writes_{users_, passwords_};
};

TEST_F(AccountWritesTest, TheRightPasswordChangesTheEmail) {
  const std::string ann = Make("ann@example.com");
  const auto changed = ChangeEmail(ann, "new@example.com", "correct horse");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ((*changed)->email, "new@example.com");
  EXPECT_EQ((*SyncWait(users_.FindByEmail("new@example.com", Soon())))->id, ann);
  EXPECT_EQ(*SyncWait(users_.FindByEmail("ann@example.com", Soon())), nullptr);
}

TEST_F(AccountWritesTest, AWrongPasswordChangesNothing) {
  const std::string ann = Make("ann@example.com");
  const std::string before = RowOf(ann);
  const auto changed = ChangeEmail(ann, "new@example.com", "wrong horse");
  EXPECT_TRUE(absl::IsPermissionDenied(changed.status()));
  EXPECT_EQ(ErrorReason(changed.status()), "INVALID_CREDENTIALS");
  EXPECT_EQ(RowOf(ann), before);
}

TEST_F(AccountWritesTest, AMalformedHashIsNobodysPassword) {
  const std::string ann = InsertForeign("ann@example.com", "correct horse");
  EXPECT_EQ(ErrorReason(ChangeEmail(ann, "new@example.com", "correct horse").status()),
            "INVALID_CREDENTIALS");
}

TEST_F(AccountWritesTest, NobodyStaysNobody) {
  const auto changed = ChangeEmail(NewUuid(), "new@example.com", "correct horse");
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(*changed, nullptr);
}

TEST_F(AccountWritesTest, APasswordThatChangedBeforeTheWriteProvesNothing) {
  const std::string ann = Make("ann@example.com");
  UserChanges changes;
  changes.email = "new@example.com";
  changes.expected_hash = (*Get(ann))->hashed_password;
  Sql("UPDATE users SET hashed_password = " + Quoted("$2b$04$" + std::string(53, 'a')));
  const std::string before = RowOf(ann);
  EXPECT_EQ(ErrorReason(SyncWait(users_.Update(ann, changes, Soon())).status()), "CONFLICT");
  EXPECT_EQ(RowOf(ann), before);
}

TEST_F(AccountWritesTest, APasswordThatIsChangedWhileItIsComparedProvesNothing) {
  const std::string ann = Make("ann@example.com");
  const std::string another = *auth::HashPassword(Secret("another horse"), 4);
  absl::Status changed;
  std::thread thread;
  {
    pqxx::work transaction(foreign_);
    transaction.exec("UPDATE users SET hashed_password = " + Quoted(another));
    // This compares the password with the old hash, and then waits for the row lock.
    thread = std::thread(
        [&] { changed = ChangeEmail(ann, "new@example.com", "correct horse").status(); });
    EXPECT_TRUE(WaitForALock());
    transaction.commit();
  }
  thread.join();
  EXPECT_EQ(ErrorReason(changed), "INVALID_CREDENTIALS") << changed;
  EXPECT_EQ((*Get(ann))->email, "ann@example.com");
  EXPECT_TRUE(ChangeEmail(ann, "new@example.com", "another horse").ok());
}

TEST_F(AccountWritesTest, AnEmailOfSomebodyElseInAnyCaseIsTaken) {
  const std::string ann = Make("ann@example.com");
  Make("bob@example.com");
  InsertForeign("Carl@Example.com", "x");
  for (const char* email : {"bob@example.com", "carl@example.com"}) {
    EXPECT_EQ(ErrorReason(ChangeEmail(ann, email, "correct horse").status()), "EMAIL_TAKEN");
  }
  EXPECT_TRUE(ChangeEmail(ann, "ann@example.com", "correct horse").ok());  // one's own
}

TEST_F(AccountWritesTest, OfTwoWhoWantOneEmailAtOnceOneGetsIt) {
  const std::string ann = Make("ann@example.com");
  const std::string bob = Make("bob@example.com");
  for (int round = 0; round < 50; ++round) {
    const std::string email = "wanted" + std::to_string(round) + "@example.com";
    absl::Status other;
    std::thread thread([&] { other = ChangeEmail(bob, email, "correct horse").status(); });
    const absl::Status mine = ChangeEmail(ann, email, "correct horse").status();
    thread.join();
    ASSERT_NE(mine.ok(), other.ok()) << mine << other;
    EXPECT_EQ(ErrorReason(mine.ok() ? other : mine), "EMAIL_TAKEN");
  }
}

}  // namespace
}  // namespace vibestack::user_service
