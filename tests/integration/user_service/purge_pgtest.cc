#include <atomic>
#include <set>
#include <thread>

#include "common/db/change_event.h"
#include "tests/integration/user_service/fixture.h"

namespace vibestack::user_service {
namespace {

// Collects the ids in the notifications of a channel.
class Ids : public pqxx::notification_receiver {
 public:
  Ids(pqxx::connection& connection, const std::string& channel)
      : notification_receiver(connection, channel) {}
  void operator()(const std::string& payload, int) override {
    for (const std::string& id : db::ParseChangeEvent(payload).ids) ids.insert(id);
  }
  std::set<std::string> ids;
};

class PurgeTest : public UserServiceTest {
 protected:
  std::string Make(const std::string& email, bool is_superuser = false) {
    NewUser user = MakeUser(email);
    user.is_superuser = is_superuser;
    return SyncWait(users_.Insert(user, Soon()))->user->id;
  }
  void MakeJobs(const std::string& user_id, int count) {
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id) SELECT gen_random_uuid(), '" + user_id +
        "', 'w' FROM generate_series(1, " + std::to_string(count) + ")");
  }
  int Count(const std::string& from) { return Sql("SELECT count(*) FROM " + from)[0][0].as<int>(); }
  absl::StatusOr<UserStore::Purge> Purge(const std::string& id, absl::Time deadline = Soon()) {
    return SyncWait(users_.Erase(id, deadline));
  }
};

TEST_F(PurgeTest, ErasesTheUserAndAllJobsAndFreesTheEmail) {
  const std::string ann = Make("ann@example.com");
  const std::string bob = Make("bob@example.com");
  MakeJobs(ann, 2'500);
  MakeJobs(bob, 3);
  const auto purge = Purge(ann);
  ASSERT_TRUE(purge.ok()) << purge.status();
  EXPECT_TRUE(purge->found);
  EXPECT_EQ(purge->jobs, 2'500);
  EXPECT_EQ(Count("users WHERE id = '" + ann + "'"), 0);
  EXPECT_EQ(Count("agent_jobs"), 3);
  EXPECT_EQ(Count("users"), 1);
  EXPECT_NE(Make("ann@example.com"), ann);
}

TEST_F(PurgeTest, WhoIsGoneIsNotFound) {
  const std::string ann = Make("ann@example.com");
  EXPECT_TRUE(Purge(ann)->found);
  const auto again = Purge(ann);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->found);
  EXPECT_FALSE(Purge(NewUuid())->found);
}

TEST_F(PurgeTest, TheLastSuperuserStaysWithAllJobs) {
  const std::string ann = Make("ann@example.com", true);
  const std::string bob = Make("bob@example.com", true);
  MakeJobs(ann, 3);
  EXPECT_TRUE(Purge(bob).ok());
  const auto purge = Purge(ann);
  EXPECT_TRUE(absl::IsFailedPrecondition(purge.status()));
  EXPECT_EQ(ErrorReason(purge.status()), "LAST_SUPERUSER");
  EXPECT_EQ(Count("agent_jobs"), 3);
  EXPECT_EQ(Count("users"), 1);
}

TEST_F(PurgeTest, AUserOrAJobThatAnotherTableRefersToSaysWhichTable) {
  const std::string ann = Make("ann@example.com");
  MakeJobs(ann, 3);
  for (const char* table : {"users", "agent_jobs"}) {
    SCOPED_TRACE(table);
    Sql("CREATE TABLE referring_posts (id uuid CONSTRAINT agent_jobs_k REFERENCES " +
        std::string(table) + ")");
    Sql("INSERT INTO referring_posts SELECT id FROM " + std::string(table));
    const auto purge = Purge(ann);
    Sql("DROP TABLE referring_posts");
    EXPECT_TRUE(absl::IsFailedPrecondition(purge.status())) << purge.status();
    EXPECT_EQ(ErrorReason(purge.status()), "STILL_REFERENCED");
    EXPECT_EQ(ErrorMetadata(purge.status(), "table"), "referring_posts");
    EXPECT_EQ(Count("agent_jobs"), 3);
    EXPECT_EQ(Count("users"), 1);
  }
  EXPECT_EQ(Purge(ann)->jobs, 3);
}

TEST_F(PurgeTest, EveryErasedRowIsNotified) {
  const std::string ann = Make("ann@example.com");
  MakeJobs(ann, 1'300);
  pqxx::connection listening(DatabaseUrl());
  Ids users(listening, db::kUsersChannel);
  Ids jobs(listening, db::kJobsChannel);
  ASSERT_TRUE(Purge(ann).ok());
  const absl::Time give_up = absl::Now() + absl::Seconds(10);
  while (jobs.ids.size() < 1'300 && absl::Now() < give_up) listening.await_notification(1, 0);
  EXPECT_EQ(jobs.ids.size(), 1'300);
  EXPECT_EQ(users.ids, std::set<std::string>{ann});
}

TEST_F(PurgeTest, JobsThatAreMadeMeanwhileAreErasedOrRefused) {
  for (int round = 0; round < 30; ++round) {
    const std::string ann = Make("ann@example.com");
    MakeJobs(ann, 50);
    std::atomic<bool> refused = false;
    std::atomic<int> made = 0;
    std::thread maker([&] {
      pqxx::connection connection(DatabaseUrl());
      try {
        for (;; ++made) {
          pqxx::nontransaction(connection)
              .exec("INSERT INTO agent_jobs (id, user_id, workflow_id) VALUES ('" + NewUuid() +
                    "', '" + ann + "', 'w')");
        }
      } catch (const pqxx::foreign_key_violation&) {
        refused = true;
      }
    });
    while (made < 5) std::this_thread::yield();
    const auto purge = Purge(ann);
    if (!purge.ok())
      Sql("DELETE FROM agent_jobs; DELETE FROM users");  // ends the thread that creates jobs
    maker.join();
    ASSERT_TRUE(purge.ok()) << purge.status();
    EXPECT_TRUE(refused);
    EXPECT_EQ(purge->jobs, 50 + made);
    EXPECT_EQ(Count("agent_jobs"), 0);
  }
}

// The writers lock the rows of several users in the order of their ids, as job_service's statements
// do.
TEST_F(PurgeTest, NeverWaitsInACircleWithStatementsThatLockManyJobs) {
  std::atomic<bool> stopping = false;
  std::atomic<int> writes = 0;
  std::atomic<int> faults = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&] {
      pqxx::connection connection(DatabaseUrl());
      while (!stopping) {
        try {
          pqxx::nontransaction(connection)
              .exec(
                  "WITH locked AS (SELECT id FROM agent_jobs ORDER BY id FOR UPDATE) "
                  "UPDATE agent_jobs AS j SET status = 'processing' FROM locked "
                  "WHERE j.id = locked.id");
          ++writes;
        } catch (const std::exception&) {
          ++faults;
        }
      }
    });
  }
  int failed = 0;
  for (int round = 0; round < 40; ++round) {
    const std::string ann = Make("ann@example.com");
    const std::string bob = Make("bob@example.com");
    MakeJobs(ann, 200);
    MakeJobs(bob, 200);
    const int before = writes;
    while (writes == before && faults == 0) std::this_thread::yield();
    absl::Status other;
    std::thread second([&] { other = Purge(bob).status(); });
    failed += Purge(ann).ok() ? 0 : 1;
    second.join();
    failed += other.ok() ? 0 : 1;
  }
  stopping = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(Count("agent_jobs"), 0);
}

TEST_F(PurgeTest, APurgeWaitsForALockedJobUntilTheDeadline) {
  const std::string ann = Make("ann@example.com");
  MakeJobs(ann, 3);
  pqxx::connection connection(DatabaseUrl());
  {
    pqxx::work lock(connection);
    lock.exec("UPDATE agent_jobs SET status = 'processing'");
    const auto purge = Purge(ann, absl::Now() + absl::Milliseconds(300));
    EXPECT_TRUE(absl::IsDeadlineExceeded(purge.status())) << purge.status();
  }
  EXPECT_EQ(Count("agent_jobs"), 3);
  EXPECT_EQ(Count("users"), 1);
  EXPECT_EQ(Purge(ann)->jobs, 3);
}

}  // namespace
}  // namespace vibestack::user_service
