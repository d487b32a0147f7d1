// The attempts of a job are counted, bounded and told.
#include "tests/e2e/jobs/attempts/attempts_fixture.h"
#include "tests/support/stream.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kInput[] = R"({"n": 12345678901234567890.123456789})";
constexpr absl::Duration kLong = absl::Seconds(20);

class Attempts : public AttemptsTest {
 protected:
  static Job AwaitStatus(const std::string& id, Job::Status status) {
    EXPECT_TRUE(Eventually(kLong, [&] { return Read(id).status() == status; }));
    return Read(id);
  }
};

TEST_F(Attempts, ARetryableFailureComesBackWithItsErrorAndItsInput) {
  auto claimed = CreateAndClaim(NewJob(kInput));
  const std::string& id = claimed.job().id();
  EXPECT_EQ(claimed.job().attempt(), 1);
  EXPECT_THAT(claimed.job().errors(), IsEmpty());
  const auto failed = FailForNow(claimed, "BUSY", absl::Seconds(2));
  ASSERT_THAT(failed, IsOk());
  EXPECT_EQ(failed.value.status(), Job::PENDING);

  const Job waiting = Read(id);
  EXPECT_EQ(waiting.status(), Job::PENDING);
  EXPECT_EQ(waiting.attempt(), 2);
  EXPECT_EQ(waiting.max_attempts(), 25);
  EXPECT_THAT(ErrorsOf(waiting), ElementsAre("1 BUSY"));
  EXPECT_EQ(waiting.errors(0).message(), "it is BUSY");
  EXPECT_TRUE(waiting.has_not_before());
  EXPECT_EQ(waiting.result_json(), "");
  EXPECT_EQ(waiting.input_json(), kInput);
  EXPECT_THAT(Claim(claimed.job().workflow_id()), IsEmpty());

  const auto again = ClaimJob(*services_, claimed.job().workflow_id());
  EXPECT_EQ(again.job().id(), id);
  EXPECT_EQ(again.job().attempt(), 2);
  EXPECT_THAT(ErrorsOf(again.job()), ElementsAre("1 BUSY"));
  EXPECT_EQ(Read(id).input_json(), kInput);
  EXPECT_EQ(Complete(*services_, claimed, "1").reason(), "LEASE_LOST");
  ASSERT_THAT(Complete(*services_, again, "2"), IsOk());
  EXPECT_EQ(PayloadOf(id), "2");
  EXPECT_EQ(Read(id).errors_size(), 0);
}

TEST_F(Attempts, WithoutADelayItComesBackAfterTheBackoffWhichGrows) {
  auto claimed = CreateAndClaim(NewJob());
  for (const double seconds : {1.0, 2.0}) {
    ASSERT_THAT(FailForNow(claimed, "BUSY", std::nullopt), IsOk());
    const absl::Time failed = absl::Now();
    claimed = ClaimJob(*services_, claimed.job().workflow_id());
    const absl::Duration waited = absl::Now() - failed;
    EXPECT_GE(waited, absl::Seconds(seconds / 2) - absl::Milliseconds(50));
    EXPECT_LE(waited, absl::Seconds(seconds) + absl::Seconds(1));
  }
  EXPECT_EQ(claimed.job().attempt(), 3);
}

TEST_F(Attempts, TheWorkersDelayIsKept) {
  const auto claimed = CreateAndClaim(NewJob());
  const absl::Time failed = absl::Now();
  ASSERT_THAT(FailForNow(claimed, "BUSY", absl::Seconds(3)), IsOk());
  const auto again = ClaimJob(*services_, claimed.job().workflow_id());
  EXPECT_GE(absl::Now() - failed, absl::Seconds(3));
  EXPECT_LE(absl::Now() - failed, absl::Seconds(4));
  EXPECT_EQ(again.job().attempt(), 2);
}

TEST_F(Attempts, TheLastFailureIsFinalAndAllErrorsAreKept) {
  auto request = NewJob(kInput);
  request.set_max_attempts(3);
  const Job created = Create(request);
  EXPECT_EQ(created.max_attempts(), 3);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto claimed = ClaimJob(*services_, request.workflow_id());
    EXPECT_EQ(claimed.job().attempt(), attempt);
    EXPECT_EQ(claimed.job().max_attempts(), 3);
    const auto failed = FailForNow(claimed, "E" + std::to_string(attempt));
    ASSERT_THAT(failed, IsOk());
    EXPECT_EQ(failed.value.status(), attempt < 3 ? Job::PENDING : Job::FAILED);
  }
  const Job job = Read(created.id());
  EXPECT_EQ(job.status(), Job::FAILED);
  EXPECT_EQ(job.attempt(), 3);
  EXPECT_THAT(ErrorsOf(job), ElementsAre("1 E1", "2 E2", "3 E3"));
  EXPECT_EQ(job.result_json(),
            R"({"error": {"code": "E3", "details": null, "message": "it is E3"}})");
  EXPECT_EQ(job.input_json(), kInput);
  EXPECT_THAT(Claim(request.workflow_id()), IsEmpty());
}

TEST_F(Attempts, AFailureIsFinalUnlessItSaysOtherwise) {
  const auto claimed = CreateAndClaim(NewJob(kInput));
  const auto failed = FailForGood(claimed, "BROKEN");
  EXPECT_EQ(failed.value.status(), Job::FAILED);
  const Job job = Read(claimed.job().id());
  EXPECT_EQ(job.status(), Job::FAILED);
  EXPECT_THAT(ErrorsOf(job), ElementsAre("1 BROKEN"));
  EXPECT_FALSE(job.has_not_before());
  EXPECT_THAT(Claim(claimed.job().workflow_id()), IsEmpty());
}

TEST_F(Attempts, ARepeatedReportOfTheSameFailureCountsOnce) {
  const auto claimed = CreateAndClaim(NewJob());
  ASSERT_THAT(FailForNow(claimed, "BUSY", absl::Seconds(60)), IsOk());
  const auto again = FailForNow(claimed, "BUSY", absl::Seconds(60));
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again.value.status(), Job::PENDING);
  EXPECT_EQ(FailForNow(claimed, "OTHER").reason(), "LEASE_LOST");
  EXPECT_EQ(FailForGood(claimed, "OTHER").reason(), "LEASE_LOST");
  EXPECT_THAT(ErrorsOf(Read(claimed.job().id())), ElementsAre("1 BUSY"));
}

TEST_F(Attempts, BatchFinishJobsFailsForNowToo) {
  const auto claimed = CreateAndClaim(NewJob());
  job::v1::BatchFinishJobsRequest request;
  auto& fail = *request.add_outcomes()->mutable_fail();
  fail.set_id(claimed.job().id());
  fail.set_lease_token(claimed.lease_token());
  fail.set_code("BUSY");
  fail.set_retryable(true);
  fail.mutable_retry_delay()->set_seconds(0);
  const auto finished = Call(services_->jobs(), &Jobs::BatchFinishJobs, request, AsService());
  ASSERT_EQ(finished.value.results_size(), 1) << Describe(finished.status);
  EXPECT_FALSE(finished.value.results(0).has_error());
  EXPECT_EQ(ClaimJob(*services_, claimed.job().workflow_id()).job().attempt(), 2);
}

TEST_F(Attempts, TheLastTenErrorsAreKeptAndMessagesAreCut) {
  auto request = NewJob();
  auto claimed = CreateAndClaim(request);
  for (int attempt = 1; attempt <= 12; ++attempt) {
    job::v1::FailJobRequest fail;
    fail.set_id(claimed.job().id());
    fail.set_lease_token(claimed.lease_token());
    fail.set_code("E" + std::to_string(attempt));
    for (int i = 0; i < 600; ++i) fail.mutable_message()->append("ö");
    fail.set_retryable(true);
    fail.mutable_retry_delay()->set_seconds(0);
    ASSERT_THAT(Call(services_->jobs(), &Jobs::FailJob, fail, AsService()), IsOk());
    claimed = ClaimJob(*services_, request.workflow_id());
  }
  const Job job = Read(claimed.job().id());
  EXPECT_EQ(job.attempt(), 13);
  EXPECT_THAT(ErrorsOf(job), ElementsAre("3 E3", "4 E4", "5 E5", "6 E6", "7 E7", "8 E8", "9 E9",
                                         "10 E10", "11 E11", "12 E12"));
  EXPECT_EQ(job.errors(0).message().size(), 1'000U) << "500 characters of two bytes";
}

TEST_F(Attempts, ALeaseThatRanOutCountsAndTheLastOneFailsTheJob) {
  auto request = NewJob(kInput);
  request.set_max_attempts(2);
  const std::string id = Create(request).id();
  for (int attempt = 1; attempt <= 2; ++attempt) {
    EXPECT_EQ(ClaimJob(*services_, request.workflow_id()).job().attempt(), attempt);
    LetTheLeaseRunOut(id);
  }
  const Job job = AwaitStatus(id, Job::FAILED);
  EXPECT_THAT(ErrorsOf(job), ElementsAre("1 LEASE_EXPIRED", "2 LEASE_EXPIRED"));
  EXPECT_THAT(job.result_json(), HasSubstr("ATTEMPTS_EXHAUSTED"));
  EXPECT_EQ(job.attempt(), 2);
  EXPECT_EQ(job.input_json(), kInput);
}

TEST_F(Attempts, AReleasedJobHasLostNoAttempt) {
  const auto claimed = CreateAndClaim(NewJob(kInput));
  job::v1::ReleaseJobsRequest release;
  release.add_leases()->set_job_id(claimed.job().id());
  release.mutable_leases(0)->set_lease_token(claimed.lease_token());
  ASSERT_THAT(Call(services_->jobs(), &Jobs::ReleaseJobs, release, AsService()), IsOk());
  const auto again = ClaimJob(*services_, claimed.job().workflow_id());
  EXPECT_EQ(again.job().attempt(), 1);
  EXPECT_THAT(again.job().errors(), IsEmpty());
  EXPECT_EQ(Read(again.job().id()).input_json(), kInput);
}

TEST_F(Attempts, RetryJobRunsAFailedJobAgainWithItsInputAndKeepsItsErrors) {
  auto request = NewJob(kInput);
  request.set_max_attempts(1);
  const auto claimed = CreateAndClaim(request);
  ASSERT_EQ(FailForNow(claimed, "BUSY").value.status(), Job::FAILED);
  const auto retried = Retry(claimed.job().id());
  ASSERT_THAT(retried, IsOk());
  EXPECT_EQ(retried.value.status(), Job::PENDING);
  EXPECT_EQ(retried.value.attempt(), 2);
  EXPECT_EQ(retried.value.max_attempts(), 2) << "one more than it had";
  EXPECT_THAT(ErrorsOf(retried.value), ElementsAre("1 BUSY"));
  ASSERT_THAT(Retry(claimed.job().id()), IsOk());
  const auto again = ClaimJob(*services_, request.workflow_id());
  EXPECT_EQ(again.job().attempt(), 2);
  EXPECT_EQ(Read(again.job().id()).input_json(), kInput);
  ASSERT_EQ(FailForGood(again, "BROKEN").value.status(), Job::FAILED);
  EXPECT_THAT(ErrorsOf(Read(again.job().id())), ElementsAre("1 BUSY", "2 BROKEN"));
}

TEST_F(Attempts, ACancelledJobIsRetriedAsANewAttempt) {
  const auto claimed = CreateAndClaim(NewJob(kInput));
  ASSERT_THAT(Cancel(claimed.job().id()), IsOk());
  const Job cancelled = Read(claimed.job().id());
  EXPECT_EQ(cancelled.status(), Job::FAILED);
  EXPECT_EQ(cancelled.input_json(), kInput);
  ASSERT_THAT(Retry(claimed.job().id()), IsOk());
  const auto again = ClaimJob(*services_, claimed.job().workflow_id());
  EXPECT_EQ(again.job().attempt(), 2);
  EXPECT_THAT(ErrorsOf(again.job()), ElementsAre("1 CANCELLED"));
  EXPECT_EQ(Complete(*services_, claimed, "1").code(), grpc::ABORTED);
  EXPECT_THAT(Complete(*services_, again, "2"), IsOk());
}

TEST_F(Attempts, ProgressAndInputLiveSideBySide) {
  auto claimed = CreateAndClaim(NewJob(kInput));
  job::v1::ReportProgressRequest report;
  report.set_id(claimed.job().id());
  report.set_lease_token(claimed.lease_token());
  report.set_result_json(R"({"vibestack_job": 1, "input": "mine"})");
  const auto reported = Call(services_->jobs(), &Jobs::ReportProgress, report, AsService());
  ASSERT_THAT(reported, IsOk());
  const Job job = Read(claimed.job().id());
  EXPECT_EQ(job.result_json(), R"({"input": "mine", "vibestack_job": 1})");
  EXPECT_EQ(job.input_json(), kInput);
  claimed.set_lease_token(reported.value.lease_token());
  ASSERT_THAT(Complete(*services_, claimed, "3"), IsOk());
  EXPECT_EQ(PayloadOf(claimed.job().id()), "3");
}

TEST_F(Attempts, NumbersOutOfRangeAreRefused) {
  auto request = NewJob();
  for (const int attempts : {-1, 1'001}) {
    request.set_max_attempts(attempts);
    EXPECT_THAT(TryCreate(request), IsRefusedFor("max_attempts")) << attempts;
  }
  job::v1::FailJobRequest fail;
  fail.set_id(NewUuid());
  fail.set_lease_token(1);
  fail.set_code("X");
  for (const int64_t seconds : {int64_t{-1}, int64_t{367} * 86'400, INT64_MAX}) {
    fail.mutable_retry_delay()->set_seconds(seconds);
    EXPECT_THAT(Call(services_->jobs(), &Jobs::FailJob, fail, AsService()),
                IsRefusedFor("retry_delay"))
        << seconds;
  }
}

// Workflows with a number of attempts of their own.
class AttemptsOfWorkflows : public AttemptsTest {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory();
    WriteFile(file(), R"({"workflows": [{"id": "twice", "max_attempts": 2}]})");
    SetUpWith({.job_flags = {"--sweep_interval=50ms", "--workflows_file=" + file()}});
  }
  static void TearDownTestSuite() {
    AttemptsTest::TearDownTestSuite();
    delete directory_;
  }
  static std::string file() { return directory_->path() + "/workflows.json"; }

  static TemporaryDirectory* directory_;
};

TemporaryDirectory* AttemptsOfWorkflows::directory_ = nullptr;

TEST_F(AttemptsOfWorkflows, TheWorkflowBoundsTheNumber) {
  for (const auto& [asked, given] : {std::pair{0, 2}, {1, 1}, {2, 2}, {5, 2}}) {
    job::v1::CreateJobRequest request;
    request.set_workflow_id("twice");
    request.set_max_attempts(asked);
    EXPECT_EQ(Create(request).max_attempts(), given) << asked;
    for (int attempt = 1; attempt <= given; ++attempt) {
      const auto claimed = ClaimJob(*services_, "twice");
      EXPECT_EQ(claimed.job().attempt(), attempt);
      EXPECT_EQ(claimed.job().max_attempts(), given);
      EXPECT_EQ(FailForNow(claimed, "BUSY").value.status(),
                attempt < given ? Job::PENDING : Job::FAILED);
    }
  }
}

TEST_F(AttemptsOfWorkflows, AReloadChangesItForJobsThatHaveNoNumberOfTheirOwn) {
  job::v1::CreateJobRequest request;
  request.set_workflow_id("twice");
  const std::string id = Create(request).id();
  WriteFile(file(), R"({"workflows": [{"id": "twice", "max_attempts": 7}]})");
  services_->job().process().Signal(SIGHUP);
  EXPECT_TRUE(Eventually(kLong, [&] { return Read(id).max_attempts() == 7; }));
}

class AttemptsWatched : public AttemptsTest {
 protected:
  // Practically never polls, so that only change events wake a watcher.
  static void SetUpTestSuite() {
    SetUpWith({.job_flags = {"--sweep_interval=50ms", "--poll_interval=1h"}, .job_replicas = 2});
  }
};

TEST_F(AttemptsWatched, AttemptsAndProgressReachTheWatcher) {
  const Job created = Create(NewJob(kInput));
  const auto stub = JobService::NewStub(services_->job(1).channel());
  job::v1::WatchJobRequest watch;
  watch.set_id(created.id());
  Stream<Job> stream(
      [&](grpc::ClientContext* context, grpc::ClientReadReactor<Job>* reader) {
        stub->async()->WatchJob(context, &watch, reader);
      },
      AsUser());
  const auto next = [&stream](Job::Status status, int attempt) {
    const std::optional<Job> job = stream.Next(absl::Seconds(5));
    EXPECT_TRUE(job.has_value()) << stream.EndReason(absl::ZeroDuration());
    EXPECT_EQ(job.value_or(Job()).status(), status);
    EXPECT_EQ(job.value_or(Job()).attempt(), attempt);
    EXPECT_FALSE(job.value_or(Job()).has_input());
    return job.value_or(Job());
  };
  next(Job::PENDING, 1);
  auto claimed = ClaimJob(*services_, created.workflow_id());
  next(Job::PROCESSING, 1);
  job::v1::ReportProgressRequest report;
  report.set_id(created.id());
  report.set_lease_token(claimed.lease_token());
  report.mutable_result_payload()->set_number_value(50);
  claimed.set_lease_token(
      Call(services_->jobs(), &Jobs::ReportProgress, report, AsService()).value.lease_token());
  EXPECT_EQ(next(Job::PROCESSING, 1).result_payload().number_value(), 50);
  ASSERT_THAT(FailForNow(claimed, "BUSY"), IsOk());
  EXPECT_THAT(ErrorsOf(next(Job::PENDING, 2)), ElementsAre("1 BUSY"));
  claimed = ClaimJob(*services_, created.workflow_id());
  next(Job::PROCESSING, 2);
  ASSERT_THAT(Complete(*services_, claimed, "1"), IsOk());
  next(Job::COMPLETED, 0);
  EXPECT_EQ(stream.EndReason(), "0 ");
  EXPECT_EQ(stream.received(), 6U);
}

}  // namespace
}  // namespace vibestack::e2e
