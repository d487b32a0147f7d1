// Another program's transaction keeps a user's row or a job locked. Only the calls on this row
// wait.
#include <algorithm>
#include <optional>
#include <thread>

#include "tests/integration/user_service/fixture.h"

namespace vibestack::user_service {
namespace {

class LockedUsersTest : public UserServiceTest {
 protected:
  std::string Make(const std::string& email) {
    return SyncWait(users_.Insert(MakeUser(email), Soon()))->user->id;
  }
  std::string MakeJob(const std::string& user_id) {
    const std::string id = NewUuid();
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id) VALUES ('" + id + "', '" + user_id +
        "', 'w')");
    return id;
  }
  // Locks rows until Unlock().
  void Lock(const std::string& query) {
    locker_.emplace(locking_);
    locker_->exec(query);
  }
  void Unlock() { locker_.reset(); }

  absl::StatusOr<UserPtr> ChangeBio(const std::string& id, absl::Time deadline) {
    UserChanges changes;
    changes.bio = "changed";
    return SyncWait(users_.Update(id, changes, deadline));
  }

  pqxx::connection locking_{DatabaseUrl()};
  std::optional<pqxx::work> locker_;
};

// Each statement on the locked row would keep a connection, and the pool has four.
TEST_F(LockedUsersTest, CallsOnALockedUserKeepNoConnections) {
  const std::string ann = Make("ann@example.com");
  const std::string bob = Make("bob@example.com");
  Lock("SELECT FROM users WHERE id = '" + ann + "' FOR UPDATE");
  const absl::Time deadline = absl::Now() + absl::Seconds(1);
  std::vector<std::thread> calls;
  for (int i = 0; i < 8; ++i) {
    calls.emplace_back([&] {
      const auto changed = ChangeBio(ann, deadline);
      EXPECT_TRUE(absl::IsDeadlineExceeded(changed.status())) << changed.status();
      EXPECT_EQ(ErrorReason(changed.status()), "ROW_LOCKED");
    });
  }
  for (int i = 0; i < 20; ++i) {
    const absl::Time began = absl::Now();
    EXPECT_TRUE(ChangeBio(bob, Soon()).ok());
    EXPECT_TRUE(Get(ann).ok());
    EXPECT_LT(absl::Now() - began, absl::Seconds(1));
  }
  for (std::thread& call : calls) call.join();
  Unlock();
  EXPECT_TRUE(ChangeBio(ann, Soon()).ok());
}

TEST_F(LockedUsersTest, ALockDoesNotMakeAnActiveAccountSeemToBeActivated) {
  const std::string ann = Make("ann@example.com");
  SyncWait(users_.Deactivate(ann, Soon())).IgnoreError();
  Lock("UPDATE users SET is_active = true WHERE id = '" + ann + "'");
  absl::StatusOr<UserPtr> activated = absl::UnknownError("not called");
  std::thread call([&] { activated = SyncWait(users_.Activate(ann, Soon())); });
  EXPECT_TRUE(WaitForALock());
  locker_->commit();
  call.join();
  EXPECT_EQ(ErrorReason(activated.status()), "USER_ACTIVE") << activated.status();
  Unlock();
}

// A purge that waits for one job must not keep the user's other jobs locked.
TEST_F(LockedUsersTest, APurgeWaitsWithoutALock) {
  const std::string ann = Make("ann@example.com");
  std::vector<std::string> jobs;
  for (int i = 0; i < 5; ++i) jobs.push_back(MakeJob(ann));
  std::sort(jobs.begin(), jobs.end());
  Lock("SELECT FROM agent_jobs WHERE id = '" + jobs.back() + "' FOR UPDATE");
  absl::StatusOr<UserStore::Purge> purge = absl::UnknownError("not called");
  std::thread call([&] { purge = SyncWait(users_.Erase(ann, Soon())); });
  EXPECT_TRUE(WaitForALock());
  Sql("SET lock_timeout = '5s'");
  for (int i = 0; i < 4; ++i) {
    Sql("UPDATE agent_jobs SET status = 'processing' WHERE id = '" + jobs[0] + "'");
  }
  Unlock();
  call.join();
  ASSERT_TRUE(purge.ok()) << purge.status();
  EXPECT_EQ(purge->jobs, 5);
}

}  // namespace
}  // namespace vibestack::user_service
