#include <functional>
#include <thread>

#include "tests/integration/user_service/fixture.h"

namespace vibestack::user_service {
namespace {

class LastSuperuserTest : public UserServiceTest {
 protected:
  std::string MakeSuperuser(const std::string& email) {
    NewUser user = MakeUser(email);
    user.is_superuser = true;
    return SyncWait(users_.Insert(user, Soon()))->user->id;
  }
  absl::Status Demote(const std::string& id) {
    UserChanges changes;
    changes.is_superuser = false;
    return SyncWait(users_.Update(id, changes, Soon())).status();
  }
  absl::Status Ban(const std::string& id) {
    UserChanges changes;
    changes.is_active = false;
    return SyncWait(users_.Update(id, changes, Soon())).status();
  }
  absl::Status Delete(const std::string& id) {
    return SyncWait(users_.Deactivate(id, Soon())).status();
  }
  absl::Status Purge(const std::string& id) { return SyncWait(users_.Erase(id, Soon())).status(); }
  int CountSuperusers() {
    return Sql("SELECT count(*) FROM users WHERE is_active AND is_superuser")[0][0].as<int>();
  }
};

TEST_F(LastSuperuserTest, CannotBeDeletedDemotedBannedOrPurged) {
  const std::string ann = MakeSuperuser("ann@example.com");
  for (const absl::Status& status : {Demote(ann), Ban(ann), Delete(ann), Purge(ann)}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_EQ(ErrorReason(status), "LAST_SUPERUSER");
  }
  EXPECT_EQ(CountSuperusers(), 1);
}

TEST_F(LastSuperuserTest, AnInactiveSuperuserIsNoOtherOne) {
  const std::string ann = MakeSuperuser("ann@example.com");
  const std::string bob = MakeSuperuser("bob@example.com");
  EXPECT_TRUE(Ban(bob).ok());
  EXPECT_EQ(ErrorReason(Demote(ann)), "LAST_SUPERUSER");
  EXPECT_TRUE(Demote(bob).ok());  // Bob is not active, so no active superuser is lost.
}

TEST_F(LastSuperuserTest, OfTwoAtOnceOneRemainsEachTime) {
  const std::function<absl::Status(const std::string&)> ways[] = {
      [this](const std::string& id) { return Demote(id); },
      [this](const std::string& id) { return Ban(id); },
      [this](const std::string& id) { return Delete(id); },
      [this](const std::string& id) { return Purge(id); }};
  for (int round = 0; round < 200; ++round) {
    Sql("DELETE FROM users");
    const std::string ann = MakeSuperuser("ann@example.com");
    const std::string bob = MakeSuperuser("bob@example.com");
    absl::Status first;
    absl::Status second;
    std::thread thread([&] { first = ways[round % 4](ann); });
    second = ways[round / 4 % 4](bob);
    thread.join();
    ASSERT_EQ(CountSuperusers(), 1) << "round " << round;
    ASSERT_NE(first.ok(), second.ok()) << first << second;
    ASSERT_EQ(ErrorReason(first.ok() ? second : first), "LAST_SUPERUSER") << "round " << round;
  }
}

TEST_F(LastSuperuserTest, ADemotionByAnotherProgramIsWaitedForAndSeen) {
  const std::string ann = MakeSuperuser("ann@example.com");
  const std::string bob = MakeSuperuser("bob@example.com");
  absl::Status demoted;
  std::thread thread;
  {
    pqxx::work transaction(foreign_);
    transaction.exec("UPDATE users SET is_superuser = false WHERE id = '" + bob + "'");
    thread = std::thread([&] { demoted = Demote(ann); });
    EXPECT_TRUE(WaitForALock());
    transaction.commit();
  }
  thread.join();
  EXPECT_EQ(ErrorReason(demoted), "LAST_SUPERUSER");
  EXPECT_EQ(CountSuperusers(), 1);
}

}  // namespace
}  // namespace vibestack::user_service
