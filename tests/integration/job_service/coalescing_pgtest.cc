#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "absl/synchronization/notification.h"
#include "common/async/gather.h"
#include "tests/integration/job_service/fixture.h"
#include "tests/support/eventually.h"

namespace vibestack::job_service {
namespace {

using testing::SizeIs;
using Claims = absl::StatusOr<std::vector<Job>>;

// Calls that arrive while the database is busy share statements.
class CoalescingTest : public JobServiceTest {
 protected:
  static constexpr int kCalls = 20;

  // Starts all calls while the table is locked, so that the first statement waits and the other
  // calls gather. Returns their answers.
  template <typename T>
  std::vector<T> AllAtOnce(std::vector<Task<T>> calls, T last) {
    pqxx::connection other(DatabaseUrl());
    pqxx::work lock(other);
    lock.exec("LOCK TABLE agent_jobs IN ACCESS EXCLUSIVE MODE");
    absl::Notification all_came;
    calls.push_back(NotifyAndAnswer(all_came, std::move(last)));
    std::vector<T> answers;
    std::thread caller([&] { answers = SyncWait(Gather(std::move(calls))); });
    all_came.WaitForNotification();
    lock.abort();
    caller.join();
    answers.pop_back();
    return answers;
  }

  // The number of batches of a kind, by the metrics; expects that they had `calls` calls.
  uint64_t BatchesOf(const std::string& kind, double calls) {
    const auto sizes =
        metrics_.Histogram("vibestack_batch_size", "", {{"kind", kind}}, {}).Collect().histogram;
    EXPECT_EQ(sizes.sample_sum, calls) << kind;
    return sizes.sample_count;
  }

  std::vector<Job> Processing() {
    Fill(ann_, kCalls);
    return Claim(kCalls);
  }

 private:
  template <typename T>
  static Task<T> NotifyAndAnswer(absl::Notification& notification, T answer) {
    notification.Notify();
    co_return answer;
  }
};

TEST_F(CoalescingTest, CreationsShareAnInsert) {
  std::vector<Task<absl::StatusOr<Creation>>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(stores_.create.Create(Make(), Soon()));
  const auto answers = AllAtOnce<absl::StatusOr<Creation>>(std::move(calls), Creation{});
  for (const auto& answer : answers) EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), std::to_string(kCalls));
  EXPECT_LE(BatchesOf("create_job", kCalls), 3U);
}

TEST_F(CoalescingTest, TheSameIdSeveralTimesInOneStatementIsOneJob) {
  const NewJob first = Make();
  NewJob other = first;
  other.workflow_id = "v";
  // Each of the first two calls has its own statement; the others gather behind them.
  std::vector<Task<absl::StatusOr<Creation>>> calls;
  for (const NewJob& job : {Make(), Make(), first, Make(), other, first}) {
    calls.push_back(stores_.create.Create(job, Soon()));
  }
  const auto answers = AllAtOnce<absl::StatusOr<Creation>>(std::move(calls), Creation{});
  ASSERT_THAT(answers, SizeIs(6));
  for (const size_t i : {0, 1, 2, 3, 5}) EXPECT_TRUE(answers[i].ok()) << answers[i].status();
  EXPECT_EQ(ErrorReason(answers[4].status()), "ID_TAKEN");
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "4");
  EXPECT_EQ(BatchesOf("create_job", 6), 3U);
}

TEST_F(CoalescingTest, OfOneIdWithSeveralInputsInOneStatementTheFirstIsStored) {
  NewJob first = Make();
  first.input = R"({"n": 1})";
  NewJob same = first;
  same.input = R"({"n":1.0})";
  NewJob other = first;
  other.input = R"({"n": 2})";
  NewJob none = first;
  none.input = "";
  NewJob neighbour = Make();
  neighbour.input = "2";
  // Each of the first two calls has its own statement; the others gather behind them.
  std::vector<Task<absl::StatusOr<Creation>>> calls;
  for (const NewJob& job : {Make(), Make(), first, other, same, none, neighbour}) {
    calls.push_back(stores_.create.Create(job, Soon()));
  }
  const auto answers = AllAtOnce<absl::StatusOr<Creation>>(std::move(calls), Creation{});
  ASSERT_THAT(answers, SizeIs(7));
  for (const size_t i : {0, 1, 2, 4, 6}) EXPECT_TRUE(answers[i].ok()) << answers[i].status();
  for (const size_t i : {3, 5}) EXPECT_EQ(ErrorReason(answers[i].status()), "ID_TAKEN") << i;
  EXPECT_EQ(Get(first.id)->input, first.input);
  EXPECT_EQ(Get(neighbour.id)->input, "2");
  EXPECT_EQ(BatchesOf("create_job", 7), 3U);
}

TEST_F(CoalescingTest, ClaimsThatShareBoundTheInputsOfEachCall) {
  for (int i = 0; i < 6; ++i) {
    NewJob job = Make();
    job.input = "\"" + std::string(900'000, 'x') + "\"";
    MustCreate(job);
  }
  std::vector<Task<Claims>> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(stores_.claim.Claim({{"w"}, 3}, Soon()));
  size_t claimed = 0;
  for (const Claims& answer : AllAtOnce<Claims>(std::move(calls), std::vector<Job>())) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_LE(answer->size(), 2U);
    claimed += answer->size();
    for (const Job& job : *answer) EXPECT_EQ(job.input->size(), 900'002U);
  }
  // The jobs that a call could not take are pending again.
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs WHERE status = 'processing'"),
            std::to_string(claimed));
  EXPECT_GE(claimed, 2U);
}

TEST_F(CoalescingTest, ReadsShareASelect) {
  const std::vector<Job> jobs = Processing();
  std::vector<Task<absl::StatusOr<JobPtr>>> calls;
  for (const Job& job : jobs) calls.push_back(stores_.read.Get({job.id, true}, Soon()));
  const auto answers = AllAtOnce<absl::StatusOr<JobPtr>>(std::move(calls), nullptr);
  ASSERT_THAT(answers, SizeIs(kCalls));
  for (size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_TRUE(answers[i].ok()) << answers[i].status();
    EXPECT_EQ((*answers[i])->id, jobs[i].id);
  }
  EXPECT_LE(BatchesOf("get_job", kCalls), 3U);
}

TEST_F(CoalescingTest, CompletionsAndFailuresShareAnUpdate) {
  const std::vector<Job> jobs = Processing();
  std::vector<Task<absl::StatusOr<Job>>> calls;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const JobStatus status = i % 2 == 0 ? JobStatus::kCompleted : JobStatus::kFailed;
    calls.push_back(stores_.finish.Finish({LeaseOf(jobs[i]), status, std::to_string(i)}, Soon()));
  }
  for (const auto& answer : AllAtOnce<absl::StatusOr<Job>>(std::move(calls), Job{})) {
    EXPECT_TRUE(answer.ok()) << answer.status();
  }
  for (size_t i = 0; i < jobs.size(); ++i) {
    const std::string text = std::to_string(i);
    EXPECT_EQ(Get(jobs[i].id)->result, i % 2 == 0 ? text : "{\"error\": " + text + "}");
  }
  EXPECT_LE(BatchesOf("finish_job", kCalls), 3U);
}

TEST_F(CoalescingTest, HeartbeatsShareAnUpdate) {
  using Held = absl::StatusOr<std::vector<absl::StatusOr<LeasedJob>>>;
  const std::vector<Job> jobs = Processing();
  std::vector<Task<Held>> calls;
  for (const Job& job : jobs) calls.push_back(stores_.lease.Heartbeat({LeaseOf(job)}, Soon()));
  for (const Held& answer :
       AllAtOnce<Held>(std::move(calls), std::vector<absl::StatusOr<LeasedJob>>())) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(answer->at(0).ok()) << answer->at(0).status();
  }
  EXPECT_LE(BatchesOf("heartbeat_jobs", kCalls), 3U);
}

TEST_F(CoalescingTest, ClaimsShareAnUpdateAndNoJobIsDealtOutTwice) {
  Fill(ann_, kCalls);
  Fill(bob_, kCalls);
  std::vector<Task<Claims>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(stores_.claim.Claim({{"w"}, 2}, Soon()));
  std::set<std::string> ids;
  for (const Claims& answer : AllAtOnce<Claims>(std::move(calls), std::vector<Job>())) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_THAT(*answer, SizeIs(2));
    for (const Job& job : *answer) ids.insert(job.id);
  }
  EXPECT_THAT(ids, SizeIs(2 * kCalls));
  EXPECT_LE(BatchesOf("claim_jobs", kCalls), 3U);
}

TEST_F(CoalescingTest, ClaimsThatShareGetTheirOwnWorkflowsAndNoMoreThanTheyAskedFor) {
  Fill(ann_, 50, "a");
  Fill(ann_, 50, "b");
  const std::vector<std::vector<std::string>> wanted = {
      {"a"}, {"b"}, {"none"}, {"a", "b"}, {"b", "a"}};
  std::vector<Task<Claims>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(
        stores_.claim.Claim({wanted[static_cast<size_t>(i) % wanted.size()], 1 + i % 3}, Soon()));
  }
  const auto answers = AllAtOnce<Claims>(std::move(calls), std::vector<Job>());
  std::set<std::string> ids;
  for (int i = 0; i < kCalls; ++i) {
    const Claims& answer = answers[static_cast<size_t>(i)];
    const auto& workflow_ids = wanted[static_cast<size_t>(i) % wanted.size()];
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_THAT(*answer, SizeIs(workflow_ids[0] == "none" ? 0 : 1 + i % 3)) << i;
    for (const Job& job : *answer) {
      EXPECT_THAT(workflow_ids, testing::Contains(job.workflow_id)) << i;
      EXPECT_TRUE(ids.insert(job.id).second);
    }
  }
}

TEST_F(CoalescingTest, WhoCameFirstIsServedFirstWithTheOldest) {
  Fill(ann_, 5);
  std::vector<Task<Claims>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(stores_.claim.Claim({{"w"}, 2}, Soon()));
  const auto answers = AllAtOnce<Claims>(std::move(calls), std::vector<Job>());
  std::vector<absl::Time> created;
  for (size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(answers[i].ok()) << answers[i].status();
    EXPECT_THAT(*answers[i], SizeIs(i < 2 ? 2 : (i == 2 ? 1 : 0))) << i;
    for (const Job& job : *answers[i]) created.push_back(job.created_at);
  }
  EXPECT_TRUE(std::is_sorted(created.begin(), created.end()));
}

// Until destruction, each claim of a job of this workflow takes `seconds`.
class SlowUpdates {
 public:
  SlowUpdates(const std::string& workflow_id, const std::string& seconds) {
    Run("CREATE FUNCTION vibestack_test_wait() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_sleep(" +
        seconds + "); RETURN NEW; END'");
    Run("CREATE TRIGGER vibestack_test_wait BEFORE UPDATE ON agent_jobs FOR EACH ROW "
        "WHEN (OLD.workflow_id = '" +
        workflow_id + "' AND NEW.status = 'processing') EXECUTE FUNCTION vibestack_test_wait()");
  }
  ~SlowUpdates() { Run("DROP FUNCTION vibestack_test_wait CASCADE"); }

  // Waits until such a claim is under way. Returns false after 10 seconds.
  bool AwaitOne() {
    return Eventually(absl::Seconds(10), [this] {
      return !Run("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'").empty();
    });
  }

 private:
  pqxx::result Run(const std::string& sql) { return pqxx::nontransaction(connection_).exec(sql); }

  pqxx::connection connection_{DatabaseUrl()};
};

TEST_F(CoalescingTest, ACallWhoseTimeIsOverGetsNothingAndWhatWasForItIsPendingAgain) {
  Fill(ann_, 4);
  const SlowUpdates slow("w", "0.5");
  std::vector<Task<Claims>> calls;
  calls.push_back(stores_.claim.Claim({{"w"}, 1}, Soon()));
  // This call is in one batch with the last one. The batch begins before its deadline and ends
  // after it.
  calls.push_back(stores_.claim.Claim({{"w"}, 2}, absl::Now() + absl::Seconds(1)));
  calls.push_back(stores_.claim.Claim({{"w"}, 1}, Soon()));
  const auto answers = SyncWait(Gather(std::move(calls)));
  EXPECT_EQ(answers[1].status().code(), absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(answers[0].ok() && answers[2].ok());
  EXPECT_THAT(*answers[0], SizeIs(1));
  EXPECT_THAT(*answers[2], SizeIs(1));
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs WHERE status = 'processing'"), "2");
  EXPECT_THAT(Claim(5), SizeIs(2));
}

TEST_F(CoalescingTest, ClaimsOfOtherWorkflowsDoNotWait) {
  Fill(ann_, 3, "a");
  Fill(ann_, 1, "b");
  SlowUpdates slow("a", "1");
  std::atomic<bool> done = false;
  std::thread busy([&] {
    std::vector<Task<Claims>> calls;
    for (int i = 0; i < 3; ++i) calls.push_back(stores_.claim.Claim({{"a"}, 1}, Soon()));
    for (const Claims& answer : SyncWait(Gather(std::move(calls)))) {
      EXPECT_TRUE(answer.ok()) << answer.status();
    }
    done = true;
  });
  EXPECT_TRUE(slow.AwaitOne());
  EXPECT_THAT(Claim(1, {"b"}), SizeIs(1));
  EXPECT_FALSE(done);
  busy.join();
}

TEST_F(CoalescingTest, ClaimsOfSingleJobsThatShareGoByAgeEveryOtherTime) {
  Fill(bob_, 20);
  Sql("UPDATE agent_jobs SET created_at = created_at - interval '1 hour'");
  Fill(ann_, 20);
  // Of five calls, the first has its own statement and the others share one.
  const auto owners_of_shared = [this] {
    std::vector<Task<Claims>> calls;
    for (int i = 0; i < 5; ++i) calls.push_back(stores_.claim.Claim({{"w"}, 1}, Soon()));
    auto answers = AllAtOnce<Claims>(std::move(calls), std::vector<Job>());
    std::set<std::string> owners;
    for (size_t i = 1; i < answers.size(); ++i) owners.insert(answers[i]->at(0).user_id);
    return owners;
  };
  EXPECT_THAT(owners_of_shared(), SizeIs(2));
  Claim(1);  // so that the round robin moves on to the other user
  EXPECT_THAT(owners_of_shared(), testing::ElementsAre(bob_));
}

}  // namespace
}  // namespace vibestack::job_service
