#include <thread>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class FinishStoreTest : public JobServiceTest {
 protected:
  // Completes a job with this result. Returns the stored result, or the error's reason.
  std::string Store(const std::string& result) {
    const std::string id = MustCreate(ann_);
    const absl::Status status = Complete(LeaseOf(Claim(1)[0]), result).status();
    if (!status.ok()) return ErrorReason(status);
    return *Get(id)->result;
  }
};

TEST_F(FinishStoreTest, OfTwoCompletionsOfOneJobInOneBatchTheFirstWins) {
  MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  std::vector<JobFinish> finishes = {{lease, JobStatus::kCompleted, "1"},
                                     {lease, JobStatus::kCompleted, "2"},
                                     {lease, JobStatus::kFailed, "1"},
                                     {lease, JobStatus::kCompleted, "1"}};
  const auto finished = SyncWait(stores_.finish.FinishAll(std::move(finishes), Soon()));
  ASSERT_THAT(finished, SizeIs(4));
  EXPECT_TRUE(finished[0].ok());
  EXPECT_EQ(ErrorReason(finished[1].status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(finished[2].status()), "LEASE_LOST");
  EXPECT_TRUE(finished[3].ok());
  EXPECT_EQ(Get(lease.job_id)->result, "1");
}

TEST_F(FinishStoreTest, AResultThatTheDatabaseRefusesDoesNotHarmItsNeighbours) {
  Fill(ann_, 40);
  const std::vector<Job> jobs = Claim(40);
  ASSERT_THAT(jobs, SizeIs(40));
  std::vector<std::thread> workers;
  workers.reserve(jobs.size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    workers.emplace_back([&, i] {
      const char* bad[] = {"{", R"("\u0000")", "1e131072", R"("\ud800")"};
      const bool is_bad = i % 10 == 3;
      const absl::Status status =
          Complete(LeaseOf(jobs[i]), is_bad ? bad[i / 10] : std::to_string(i)).status();
      if (is_bad) {
        EXPECT_EQ(ErrorReason(status), "INVALID_VALUE") << status;
      } else {
        EXPECT_TRUE(status.ok()) << status;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs WHERE status = 'completed'"), "36");
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs WHERE status = 'processing'"), "4");
}

TEST_F(FinishStoreTest, TheSameCompletionTwiceIsOneAndAnotherIsRefused) {
  const std::string id = MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  TakeChanges();
  const absl::StatusOr<Job> first = Complete(lease, R"({"a":1,"b":[1.0]})");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(TakeChanges().changed, ElementsAre(id));
  const absl::StatusOr<Job> second = Complete(lease, R"({ "b" : [1.0], "a" : 1 })");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->updated_at, first->updated_at);
  EXPECT_EQ(ErrorReason(Complete(lease, R"({"a":2})").status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(Fail(lease, R"({"a":1,"b":[1.0]})").status()), "LEASE_LOST");
}

TEST_F(FinishStoreTest, ProgressIsStoredAndReplacesTheLeaseToken) {
  const Lease lease = Claimed();
  TakeChanges();
  const absl::StatusOr<Job> progress = Progress(lease, R"({"part": 1})");
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_THAT(TakeChanges().changed, ElementsAre(lease.job_id));
  EXPECT_EQ(Get(lease.job_id)->result, R"({"part": 1})");
  EXPECT_EQ(Get(lease.job_id)->status, JobStatus::kProcessing);
  // Even repeating the same progress with the old token is refused.
  EXPECT_EQ(ErrorReason(Progress(lease, R"({"part": 1})").status()), "LEASE_LOST");
  EXPECT_EQ(ErrorReason(Complete(lease).status()), "LEASE_LOST");
  EXPECT_TRUE(Complete(LeaseOf(*progress), "2").ok());
}

TEST_F(FinishStoreTest, ACompletedJobKeepsItsOutputAlone) {
  for (const std::string output :
       {"[1]", "null", R"({"error": 1, "input": 2, "attempts": 3, "vibestack_job": 1})"}) {
    NewJob job = Make();
    job.input = R"({"secret": true})";
    MustCreate(job);
    ASSERT_TRUE(FailRetryably(LeaseOf(Claim(1).at(0)), "E", absl::ZeroDuration()).ok());
    EXPECT_EQ(ReleaseScheduled(), 1);
    const absl::StatusOr<Job> progress = Progress(LeaseOf(Claim(1).at(0)), "50");
    ASSERT_TRUE(progress.ok()) << progress.status();
    ASSERT_TRUE(Complete(LeaseOf(*progress), output).ok());
    EXPECT_EQ(PayloadOf(job.id), output);
    const JobPtr stored = Get(job.id);
    EXPECT_EQ(stored->result, output);
    EXPECT_EQ(stored->input, std::nullopt);
    EXPECT_EQ(stored->failed_attempts, 0);
    EXPECT_TRUE(stored->errors.empty());
  }
}

TEST_F(FinishStoreTest, ProgressKeepsTheInputAndTheErrors) {
  NewJob job = Make();
  job.input = "[7]";
  MustCreate(job);
  ASSERT_TRUE(FailRetryably(LeaseOf(Claim(1).at(0)), "E", absl::ZeroDuration()).ok());
  EXPECT_EQ(ReleaseScheduled(), 1);
  const absl::StatusOr<Job> first = Progress(LeaseOf(Claim(1).at(0)), R"({"input": 1})");
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::StatusOr<Job> second = Progress(LeaseOf(*first), "2");
  ASSERT_TRUE(second.ok()) << second.status();
  const JobPtr stored = Get(job.id);
  EXPECT_EQ(stored->result, "2");
  EXPECT_EQ(stored->input, "[7]");
  EXPECT_EQ(stored->errors.size(), 1U);
  EXPECT_EQ(AttemptNumber(*stored), 2);
}

TEST_F(FinishStoreTest, ResultsAreStoredToTheLastDigit) {
  for (const char* json : {"null", "{}", "\"\"", "9007199254740993", "1.000", "[1, 2]",
                           "\"\\\\ \\\" {ä} , NULL\"", R"({"": "😀"})"}) {
    EXPECT_EQ(Store(json), json);
  }
  EXPECT_EQ(Store("1e400"), "1" + std::string(400, '0'));
  EXPECT_EQ(Store(R"({"a":1,"a":2})"), R"({"a": 2})");
}

TEST_F(FinishStoreTest, LargeAndDeepResultsAreStored) {
  const std::string large = "\"" + std::string(4 << 20, 'x') + "\"";
  EXPECT_EQ(Store(large).size(), large.size());
  const std::string deep = std::string(1'000, '[') + std::string(1'000, ']');
  EXPECT_EQ(Store(deep), deep);
}

TEST_F(FinishStoreTest, AResultThatJsonbRefusesLeavesTheConnectionUsable) {
  for (const char* json : {R"("\u0000")", R"({"\u0000":1})", R"("\udc00")", "1e131072", "{", ""}) {
    EXPECT_EQ(Store(json), "INVALID_VALUE") << json;
  }
  const std::string too_deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(Store(too_deep), "INVALID_VALUE");
  EXPECT_EQ(pool_.stats().connects, 6U);
}

}  // namespace
}  // namespace vibestack::job_service
