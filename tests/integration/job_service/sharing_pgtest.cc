#include <set>
#include <thread>

#include "absl/synchronization/notification.h"
#include "common/async/gather.h"
#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::SizeIs;

// Calls that come while the database is busy share statements.
class SharingTest : public JobServiceTest {
 protected:
  static constexpr int kCalls = 20;

  // The answers to calls all of which have come before the first statement could get at the table.
  template <typename T>
  std::vector<T> AllAtOnce(std::vector<Task<T>> calls, T last) {
    pqxx::connection other(std::getenv("DATABASE_URL"));
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

  // How many statements of a kind there were for so many calls, as the metrics tell.
  uint64_t StatementsOf(const std::string& kind, double calls) {
    const auto sizes =
        metrics_
            .Histogram("vibestack_batch_size", "Requests in one statement.", {{"kind", kind}}, {})
            .Collect()
            .histogram;
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

TEST_F(SharingTest, CreationsShareAnInsert) {
  std::vector<Task<absl::StatusOr<Creation>>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(store_.Create(Make(), Soon()));
  const auto answers = AllAtOnce<absl::StatusOr<Creation>>(std::move(calls), Creation{});
  for (const auto& answer : answers) EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), std::to_string(kCalls));
  EXPECT_LE(StatementsOf("create_job", kCalls), 3U);
}

TEST_F(SharingTest, ReadsShareASelect) {
  const std::vector<Job> jobs = Processing();
  std::vector<Task<absl::StatusOr<JobPtr>>> calls;
  for (const Job& job : jobs) calls.push_back(store_.Get({job.id, true}, Soon()));
  const auto answers = AllAtOnce<absl::StatusOr<JobPtr>>(std::move(calls), nullptr);
  ASSERT_THAT(answers, SizeIs(kCalls));
  for (size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_TRUE(answers[i].ok()) << answers[i].status();
    EXPECT_EQ((*answers[i])->id, jobs[i].id);
  }
  EXPECT_LE(StatementsOf("get_job", kCalls), 3U);
}

TEST_F(SharingTest, CompletionsAndFailuresShareAnUpdate) {
  const std::vector<Job> jobs = Processing();
  std::vector<Task<absl::StatusOr<Job>>> calls;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const JobStatus status = i % 2 == 0 ? JobStatus::kCompleted : JobStatus::kFailed;
    calls.push_back(store_.Finish({LeaseOf(jobs[i]), status, std::to_string(i)}, Soon()));
  }
  for (const auto& answer : AllAtOnce<absl::StatusOr<Job>>(std::move(calls), Job{})) {
    EXPECT_TRUE(answer.ok()) << answer.status();
  }
  for (size_t i = 0; i < jobs.size(); ++i) EXPECT_EQ(Get(jobs[i].id)->result, std::to_string(i));
  EXPECT_LE(StatementsOf("finish_job", kCalls), 3U);
}

TEST_F(SharingTest, HeartbeatsShareAnUpdate) {
  using Held = absl::StatusOr<std::vector<absl::StatusOr<HeldJob>>>;
  const std::vector<Job> jobs = Processing();
  std::vector<Task<Held>> calls;
  for (const Job& job : jobs) calls.push_back(store_.Heartbeat({LeaseOf(job)}, Soon()));
  for (const Held& answer :
       AllAtOnce<Held>(std::move(calls), std::vector<absl::StatusOr<HeldJob>>())) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(answer->at(0).ok()) << answer->at(0).status();
  }
  EXPECT_LE(StatementsOf("heartbeat_jobs", kCalls), 3U);
}

using Claimed = absl::StatusOr<std::vector<Job>>;

TEST_F(SharingTest, ClaimsShareAnUpdateAndNoJobIsDealtOutTwice) {
  Fill(ann_, kCalls);
  Fill(bob_, kCalls);
  std::vector<Task<Claimed>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(store_.Claim({{"w"}, 2}, Soon()));
  std::set<std::string> ids;
  for (const Claimed& answer : AllAtOnce<Claimed>(std::move(calls), std::vector<Job>())) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_THAT(*answer, SizeIs(2));
    for (const Job& job : *answer) ids.insert(job.id);
  }
  EXPECT_THAT(ids, SizeIs(2 * kCalls));
  EXPECT_LE(StatementsOf("claim_jobs", kCalls), 3U);
}

TEST_F(SharingTest, ClaimsThatShareGetTheirOwnWorkflowsAndNoMoreThanTheyAskedFor) {
  Fill(ann_, 50, "a");
  Fill(ann_, 50, "b");
  const std::vector<std::vector<std::string>> wanted = {
      {"a"}, {"b"}, {"none"}, {"a", "b"}, {"b", "a"}};
  std::vector<Task<Claimed>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(
        store_.Claim({wanted[static_cast<size_t>(i) % wanted.size()], 1 + i % 3}, Soon()));
  }
  const auto answers = AllAtOnce<Claimed>(std::move(calls), std::vector<Job>());
  std::set<std::string> ids;
  for (int i = 0; i < kCalls; ++i) {
    const Claimed& answer = answers[static_cast<size_t>(i)];
    const auto& workflow_ids = wanted[static_cast<size_t>(i) % wanted.size()];
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_THAT(*answer, SizeIs(workflow_ids[0] == "none" ? 0 : 1 + i % 3)) << i;
    for (const Job& job : *answer) {
      EXPECT_THAT(workflow_ids, testing::Contains(job.workflow_id)) << i;
      EXPECT_TRUE(ids.insert(job.id).second);
    }
  }
}

TEST_F(SharingTest, WhoCameFirstIsServedFirstWhereThereAreTooFew) {
  Fill(ann_, 5);
  std::vector<Task<Claimed>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(store_.Claim({{"w"}, 2}, Soon()));
  const auto answers = AllAtOnce<Claimed>(std::move(calls), std::vector<Job>());
  size_t claimed = 0;
  for (const Claimed& answer : answers) claimed += answer.ok() ? answer->size() : 0;
  EXPECT_EQ(claimed, 5U);
  // The first two went alone; which of them came to its statement first is open.
  for (size_t i = 3; i < answers.size(); ++i) EXPECT_LE(answers[i]->size(), answers[i - 1]->size());
}

}  // namespace
}  // namespace vibestack::job_service
