// Other calls of workers than claiming and completing one job, and calls for ended jobs.
#include <gmock/gmock.h>

#include <future>

#include "absl/strings/ascii.h"
#include "tests/support/database.h"
#include "tests/support/stream.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

constexpr absl::Duration kLong = absl::Seconds(40);

class Work : public testing::Test {
 protected:
  // Waiting calls practically never poll, so that only change events wake them.
  explicit Work(std::vector<std::string> flags = {"--poll_interval=1h"})
      : services_({.job_flags = std::move(flags)}) {}

  template <typename Request, typename Response>
  Result<Response> AsWorker(grpc::Status (JobService::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, Response*),
                            const Request& request) {
    return Call(services_.jobs(), method, request, {.token = services_.service_token()});
  }
  template <typename Request, typename Response>
  Result<Response> AsOwner(grpc::Status (JobService::Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                           const Request& request) {
    return Call(services_.jobs(), method, request, {.token = person_.access_token});
  }
  static std::string ReasonOf(const google::rpc::Status& error) {
    return Reason(grpc::Status(static_cast<grpc::StatusCode>(error.code()), error.message(),
                               error.SerializeAsString()));
  }
  Result<job::v1::ReportProgressResponse> Report(const job::v1::ClaimedJob& claimed,
                                                 const std::string& part) {
    job::v1::ReportProgressRequest request;
    request.set_id(claimed.job().id());
    request.set_lease_token(claimed.lease_token());
    if (!part.empty()) request.set_result_json(part);
    return AsWorker(&JobService::Stub::ReportProgress, request);
  }
  // Expects that a batch of the jobs in `created`, of somebody else's job and of the first one
  // again succeeded, except for somebody else's. `reason` is that of the last item.
  template <typename Response>
  static void ExpectAllBut998(const Response& response,
                              const job::v1::BatchCreateJobsResponse& created,
                              const std::string& reason) {
    ASSERT_EQ(response.results_size(), 1'000);
    for (int i = 0; i < 998; ++i) {
      ASSERT_EQ(response.results(i).job_id(), created.jobs(i).id());
      ASSERT_FALSE(response.results(i).has_error()) << response.results(i).DebugString();
    }
    EXPECT_EQ(ReasonOf(response.results(998).error()), "NOT_YOURS");
    EXPECT_EQ(response.results(999).job_id(), created.jobs(0).id());
    EXPECT_EQ(response.results(999).has_error() ? ReasonOf(response.results(999).error()) : "",
              reason);
  }
  template <typename Request>
  static Request OfJob(const std::string& id) {
    Request request;
    request.set_id(id);
    return request;
  }

  Services services_;
  const Person person_ = services_.SignUp();
};

TEST_F(Work, AThousandJobsAreFinishedInOneCallEachWithAStatusOfItsOwn) {
  const auto claimed = CreateAndClaimMany(services_, person_, "batch", 1'000);
  job::v1::BatchFinishJobsRequest request;
  for (size_t i = 0; i < claimed.size(); ++i) {
    if (i % 2 == 0) {
      auto& complete = *request.add_outcomes()->mutable_complete();
      complete.set_id(claimed[i].job().id());
      complete.set_lease_token(claimed[i].lease_token());
      complete.set_result_json(std::to_string(i));
    } else {
      auto& fail = *request.add_outcomes()->mutable_fail();
      fail.set_id(claimed[i].job().id());
      fail.set_lease_token(claimed[i].lease_token());
      fail.set_code("BROKEN");
    }
  }
  request.mutable_outcomes(4)->mutable_complete()->set_lease_token(1);
  request.mutable_outcomes(5)->mutable_fail()->set_id(NewUuid());
  for (int round = 0; round < 2; ++round) {  // Repeating it is OK.
    const auto finished = AsWorker(&JobService::Stub::BatchFinishJobs, request);
    ASSERT_TRUE(finished.ok()) << Describe(finished.status);
    ASSERT_EQ(finished.value.results_size(), 1'000);
    for (int i = 0; i < 1'000; ++i) {
      const auto& result = finished.value.results(i);
      const std::string reason = ReasonOf(result.error());
      EXPECT_EQ(reason, i == 4 ? "LEASE_LOST" : i == 5 ? "JOB_NOT_FOUND" : "") << i;
      EXPECT_EQ(result.has_error(), !reason.empty());
    }
  }
  Database database;
  EXPECT_EQ(database.One("SELECT count(*) FROM agent_jobs WHERE status = 'completed'"), "499");
  EXPECT_EQ(database.One("SELECT count(*) FROM agent_jobs WHERE status = 'failed'"), "499");
}

TEST_F(Work, AWrongOutcomeIsNamed) {
  job::v1::BatchFinishJobsRequest request;
  EXPECT_EQ(AsWorker(&JobService::Stub::BatchFinishJobs, request).code(), grpc::INVALID_ARGUMENT);
  request.add_outcomes();
  auto& complete = *request.add_outcomes()->mutable_complete();
  complete.set_id(NewUuid());
  complete.set_lease_token(1);
  complete.set_result_json("{");
  const auto refused = AsWorker(&JobService::Stub::BatchFinishJobs, request);
  EXPECT_EQ(refused.code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(BadFields(refused.status),
              testing::ElementsAre("outcomes.complete.result_json", "outcomes.outcome"));
}

TEST_F(Work, TwoOutcomesOfOneJobInOneCallAreRefused) {
  const auto claimed = CreateAndClaim(services_, person_);
  job::v1::BatchFinishJobsRequest request;
  for (int i = 0; i < 2; ++i) {
    auto& complete = *request.add_outcomes()->mutable_complete();
    complete.set_id(claimed.job().id());
    complete.set_lease_token(claimed.lease_token());
    complete.set_result_json(std::to_string(i));
  }
  const auto refused = AsWorker(&JobService::Stub::BatchFinishJobs, request);
  EXPECT_EQ(refused.code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(BadFields(refused.status), testing::ElementsAre("outcomes.outcome"));
}

TEST_F(Work, ProgressReachesWhoeverWatchesAndExtendsTheLease) {
  const auto claimed = CreateAndClaim(services_, person_);
  const auto watch = OfJob<job::v1::WatchJobRequest>(claimed.job().id());
  Stream<Job> stream(
      [&](grpc::ClientContext* context, grpc::ClientReadReactor<Job>* reader) {
        services_.jobs().async()->WatchJob(context, &watch, reader);
      },
      {.token = person_.access_token});
  ASSERT_TRUE(stream.Next().has_value());
  const auto first = Report(claimed, R"({"done": 0.5})");
  ASSERT_TRUE(first.ok()) << Describe(first.status);
  const std::optional<Job> part = stream.Next();
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->status(), Job::PROCESSING);
  EXPECT_EQ(part->result_payload().struct_value().fields().at("done").number_value(), 0.5);
  EXPECT_GT(first.value.lease_token(), claimed.lease_token());
  EXPECT_EQ(Report(claimed, R"({"done": 0.5})").reason(), "LEASE_LOST");

  job::v1::ClaimedJob renewed = claimed;
  renewed.set_lease_token(first.value.lease_token());
  const auto beat = Report(renewed, "");
  ASSERT_TRUE(beat.ok()) << Describe(beat.status);
  EXPECT_EQ(GetJob(services_, person_.access_token, renewed.job().id(), job::v1::EXACT)
                .value.result_json(),
            R"({"done": 0.5})")
      << "a heartbeat leaves the part";
  renewed.set_lease_token(beat.value.lease_token());
  EXPECT_TRUE(Complete(services_, renewed, "1").ok());
}

TEST_F(Work, AReleasedJobIsWithAWaitingWorkerAtOnce) {
  const auto claimed = CreateAndClaim(services_, person_);
  auto waiting = std::async(std::launch::async, [&] {
    job::v1::ClaimJobsRequest request;
    request.add_workflow_ids(claimed.job().workflow_id());
    request.mutable_wait()->set_seconds(30);
    return AsWorker(&JobService::Stub::ClaimJobs, request);
  });
  EXPECT_TRUE(Eventually(kLong, [&] { return services_.job().WaitingCalls() >= 1; }));
  job::v1::ReleaseJobsRequest release;
  auto& lease = *release.add_leases();
  lease.set_job_id(claimed.job().id());
  lease.set_lease_token(claimed.lease_token());
  release.add_leases()->set_job_id(NewUuid());
  release.mutable_leases(1)->set_lease_token(7);
  const auto released = AsWorker(&JobService::Stub::ReleaseJobs, release);
  ASSERT_TRUE(released.ok()) << Describe(released.status);
  EXPECT_FALSE(released.value.results(0).has_error());
  EXPECT_EQ(ReasonOf(released.value.results(1).error()), "JOB_NOT_FOUND");
  const auto next = waiting.get();
  ASSERT_EQ(next.value.jobs_size(), 1);
  EXPECT_EQ(next.value.jobs(0).job().id(), claimed.job().id());
  EXPECT_EQ(Complete(services_, claimed, "1").reason(), "LEASE_LOST");
}

TEST_F(Work, TheNextHeartbeatReportsACancelledJob) {
  const auto claimed = CreateAndClaim(services_, person_);
  ASSERT_TRUE(
      AsOwner(&JobService::Stub::CancelJob, OfJob<job::v1::CancelJobRequest>(claimed.job().id()))
          .ok());
  job::v1::HeartbeatJobsRequest beat;
  auto& lease = *beat.add_leases();
  lease.set_job_id(claimed.job().id());
  lease.set_lease_token(claimed.lease_token());
  const auto answer = AsWorker(&JobService::Stub::HeartbeatJobs, beat);
  EXPECT_EQ(ReasonOf(answer.value.results(0).error()), "JOB_CANCELLED");
  EXPECT_EQ(Report(claimed, "").reason(), "JOB_CANCELLED");
}

TEST_F(Work, AJobIsRetriedReadToTheLastDigitAndDeleted) {
  const auto claimed = CreateAndClaim(services_, person_);
  const std::string id = claimed.job().id();
  const auto result = OfJob<job::v1::GetJobResultRequest>(id);
  EXPECT_EQ(AsOwner(&JobService::Stub::GetJobResult, result).reason(), "NO_RESULT");
  EXPECT_EQ(AsOwner(&JobService::Stub::RetryJob, OfJob<job::v1::RetryJobRequest>(id)).reason(),
            "JOB_NOT_FAILED");
  EXPECT_EQ(AsOwner(&JobService::Stub::DeleteJob, OfJob<job::v1::DeleteJobRequest>(id)).reason(),
            "JOB_NOT_TERMINAL");
  ASSERT_TRUE(AsOwner(&JobService::Stub::CancelJob, OfJob<job::v1::CancelJobRequest>(id)).ok());
  const auto retried = AsOwner(&JobService::Stub::RetryJob, OfJob<job::v1::RetryJobRequest>(id));
  ASSERT_TRUE(retried.ok()) << Describe(retried.status);
  EXPECT_EQ(retried.value.status(), Job::PENDING);

  const auto again = ClaimJob(services_, claimed.job().workflow_id());
  ASSERT_TRUE(Complete(services_, again, R"([9007199254740993, 1.10])").ok());
  const auto body = AsOwner(&JobService::Stub::GetJobResult, result);
  EXPECT_EQ(body.value.content_type(), "application/json");
  EXPECT_EQ(body.value.data(), R"([9007199254740993, 1.10])");

  const auto remove = OfJob<job::v1::DeleteJobRequest>(id);
  EXPECT_EQ(Call(services_.jobs(), &JobService::Stub::DeleteJob, remove,
                 {.token = services_.SignUp().access_token})
                .reason(),
            "NOT_YOURS");
  EXPECT_TRUE(AsOwner(&JobService::Stub::DeleteJob, remove).ok());
  EXPECT_EQ(AsWorker(&JobService::Stub::DeleteJob, remove).reason(), "JOB_NOT_FOUND");
  EXPECT_EQ(GetJob(services_, services_.service_token(), id).reason(), "JOB_NOT_FOUND");
}

TEST_F(Work, AThousandJobsAreCancelledRetriedAndDeletedInOneCallEach) {
  job::v1::BatchCreateJobsRequest create;
  for (int i = 0; i < 998; ++i) create.add_requests()->set_workflow_id("many");
  const auto created = AsOwner(&JobService::Stub::BatchCreateJobs, create);
  ASSERT_TRUE(created.ok()) << Describe(created.status);
  job::v1::BatchCancelJobsRequest cancel;
  cancel.set_reason("all of them");
  for (const Job& job : created.value.jobs()) cancel.add_ids(absl::AsciiStrToUpper(job.id()));
  cancel.add_ids(CreateJob(services_, services_.SignUp(), "many").id());  // Somebody else's.
  cancel.add_ids(created.value.jobs(0).id());                             // A second time.
  const auto cancelled = AsOwner(&JobService::Stub::BatchCancelJobs, cancel);
  ASSERT_TRUE(cancelled.ok()) << Describe(cancelled.status);
  ExpectAllBut998(cancelled.value, created.value, "");
  EXPECT_EQ(GetJob(services_, person_.access_token, created.value.jobs(500).id())
                .value.errors(0)
                .message(),
            "all of them");

  job::v1::BatchRetryJobsRequest retry;
  *retry.mutable_ids() = cancel.ids();
  const absl::Time began = absl::Now();
  const auto retried = AsOwner(&JobService::Stub::BatchRetryJobs, retry);
  ASSERT_TRUE(retried.ok()) << Describe(retried.status);
  ExpectAllBut998(retried.value, created.value, "");
  // One statement writes a hundred jobs.
  EXPECT_LT(absl::Now() - began, absl::Seconds(5));
  EXPECT_EQ(Database().One("SELECT count(*) FROM agent_jobs WHERE status = 'pending' "
                           "AND workflow_id = 'many'"),
            "999");

  ASSERT_TRUE(AsOwner(&JobService::Stub::BatchCancelJobs, cancel).ok());
  job::v1::BatchDeleteJobsRequest remove;
  *remove.mutable_ids() = cancel.ids();
  const auto removed = AsOwner(&JobService::Stub::BatchDeleteJobs, remove);
  ASSERT_TRUE(removed.ok()) << Describe(removed.status);
  ExpectAllBut998(removed.value, created.value, "NOT_YOURS");
  EXPECT_EQ(Database().One("SELECT count(*) FROM agent_jobs WHERE workflow_id = 'many'"), "1");
}

TEST_F(Work, ABatchWaitsAMomentForAJobThatAnotherProgramHolds) {
  const std::string held = CreateJob(services_, person_, "held").id();
  const std::string free = CreateJob(services_, person_, "held").id();
  job::v1::BatchCancelJobsRequest cancel;
  cancel.add_ids(held);
  cancel.add_ids(free);
  Database holder;
  holder.Run("BEGIN");
  holder.Run("SELECT FROM agent_jobs WHERE id = '" + held + "' FOR UPDATE");
  const auto first = AsOwner(&JobService::Stub::BatchCancelJobs, cancel);
  ASSERT_TRUE(first.ok()) << Describe(first.status);
  EXPECT_EQ(ReasonOf(first.value.results(0).error()), "CONFLICT");
  EXPECT_FALSE(first.value.results(1).has_error());
  holder.Run("ROLLBACK");
  const auto second = AsOwner(&JobService::Stub::BatchCancelJobs, cancel);
  for (const auto& result : second.value.results()) EXPECT_FALSE(result.has_error());
}

TEST_F(Work, StatsReportPendingJobsAndTheOldestAge) {
  const std::string workflow = "stats-" + NewUuid();
  const auto claimed = CreateAndClaimMany(services_, person_, workflow, 6);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Complete(services_, claimed[i], "1").ok());
  auto fail = OfJob<job::v1::FailJobRequest>(claimed[2].job().id());
  fail.set_lease_token(claimed[2].lease_token());
  fail.set_code("BROKEN");
  ASSERT_TRUE(AsWorker(&JobService::Stub::FailJob, fail).ok());
  CreateJob(services_, person_, workflow);
  job::v1::GetJobStatsRequest request;
  request.add_workflow_ids(workflow);
  const auto stats = AsWorker(&JobService::Stub::GetJobStats, request);
  ASSERT_TRUE(stats.ok()) << Describe(stats.status);
  ASSERT_EQ(stats.value.workflows_size(), 1);
  EXPECT_EQ(stats.value.workflows(0).pending_count(), 1);
  EXPECT_TRUE(stats.value.workflows(0).has_oldest_pending_age());
  EXPECT_EQ(stats.value.workflows(0).processing_count(), 3);
  EXPECT_EQ(stats.value.workflows(0).completed_count(), 2);
  EXPECT_EQ(stats.value.workflows(0).failed_count(), 1);
  EXPECT_EQ(stats.value.workflows(0).recently_failed_count(), 1);
  EXPECT_LT(stats.value.workflows(0).oldest_pending_age().seconds(), 30);
}

TEST_F(Work, OneClaimTakesAThousandAtMost) {
  const std::string workflow = "many-" + NewUuid();
  job::v1::BatchCreateJobsRequest create;
  for (int i = 0; i < 1'000; ++i) {
    auto& one = *create.add_requests();
    one.set_workflow_id(workflow);
    one.set_user_id(person_.id);
  }
  ASSERT_TRUE(AsWorker(&JobService::Stub::BatchCreateJobs, create).ok());
  CreateJob(services_, person_, workflow);
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids(workflow);
  claim.set_max_jobs(5'000);
  EXPECT_EQ(AsWorker(&JobService::Stub::ClaimJobs, claim).value.jobs_size(), 1'000);
  EXPECT_EQ(AsWorker(&JobService::Stub::ClaimJobs, claim).value.jobs_size(), 1);
}

class WorkWithRetention : public Work {
 protected:
  WorkWithRetention() : Work({"--retention=1s", "--sweep_interval=100ms"}) {}
};

TEST_F(WorkWithRetention, EndedJobsGoWhenTheirTimeIsOverAndOpenOnesStay) {
  const auto ended = CreateAndClaim(services_, person_);
  const auto open = CreateAndClaim(services_, person_);
  const Job pending = CreateJob(services_, person_, "waits");
  ASSERT_TRUE(Complete(services_, ended, "1").ok());
  EXPECT_TRUE(GetJob(services_, person_.access_token, ended.job().id()).ok());
  EXPECT_TRUE(Eventually(kLong, [&] {
    return GetJob(services_, services_.service_token(), ended.job().id()).reason() ==
           "JOB_NOT_FOUND";
  }));
  EXPECT_TRUE(GetJob(services_, person_.access_token, open.job().id()).ok());
  EXPECT_TRUE(GetJob(services_, person_.access_token, pending.id()).ok());
}

class WorkWithoutRetention : public Work {
 protected:
  WorkWithoutRetention() : Work({"--sweep_interval=20ms"}) {}
};

TEST_F(WorkWithoutRetention, EndedJobsStayForEver) {
  const auto ended = CreateAndClaim(services_, person_);
  ASSERT_TRUE(Complete(services_, ended, "1").ok());
  RunUnnoticed("UPDATE agent_jobs SET created_at = '2000-01-01', updated_at = '2000-01-01'");
  const auto sweeps = [this] {
    return services_.job().Metric("vibestack_sweeps_total{outcome=\"ok\",what=\"leases_ran_out\"}");
  };
  const double before = sweeps();
  ASSERT_TRUE(Eventually(kLong, [&] { return sweeps() > before + 10; }));
  EXPECT_TRUE(GetJob(services_, person_.access_token, ended.job().id()).ok());
}

}  // namespace
}  // namespace vibestack::e2e
