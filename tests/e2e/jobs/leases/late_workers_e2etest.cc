// Workers that lost their lease, in each way, get an error for each call.
#include <gmock/gmock.h>

#include <map>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using Jobs = JobService::Stub;

class LateWorkers : public testing::Test {
 protected:
  template <typename Request, typename Response>
  grpc::Status AsWorker(grpc::Status (Jobs::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                        const Request& request) {
    const auto result =
        Call(services_.jobs(), method, request, {.token = services_.service_token()});
    if constexpr (requires { result.value.results(0).error(); }) {
      if (!result.ok()) return result.status;
      EXPECT_EQ(result.value.results_size(), 1);
      const auto& error = result.value.results(0).error();
      return {static_cast<grpc::StatusCode>(error.code()), error.message(),
              error.SerializeAsString()};
    } else {
      return result.status;
    }
  }

  // Makes every call that a worker can make for a claimed job. Returns the statuses by name.
  std::map<std::string, grpc::Status> SayEverything(const job::v1::ClaimedJob& late) {
    std::map<std::string, grpc::Status> answers;
    job::v1::CompleteJobRequest complete;
    job::v1::FailJobRequest fail;
    job::v1::ReportProgressRequest report;
    const auto aim = [&late](auto& request) {
      request.set_id(late.job().id());
      request.set_lease_token(late.lease_token());
    };
    aim(complete);
    aim(fail);
    aim(report);
    complete.set_result_json("\"late\"");
    fail.set_code("LATE");
    report.set_result_json("\"late\"");
    answers["CompleteJob"] = AsWorker(&Jobs::CompleteJob, complete);
    answers["FailJob"] = AsWorker(&Jobs::FailJob, fail);
    answers["ReportProgress"] = AsWorker(&Jobs::ReportProgress, report);
    job::v1::BatchFinishJobsRequest finish;
    *finish.add_outcomes()->mutable_complete() = complete;
    answers["BatchFinishJobs, completed"] = AsWorker(&Jobs::BatchFinishJobs, finish);
    *finish.mutable_outcomes(0)->mutable_fail() = fail;
    answers["BatchFinishJobs, failed"] = AsWorker(&Jobs::BatchFinishJobs, finish);
    job::v1::HeartbeatJobsRequest beat;
    beat.add_leases()->set_job_id(late.job().id());
    beat.mutable_leases(0)->set_lease_token(late.lease_token());
    answers["HeartbeatJobs"] = AsWorker(&Jobs::HeartbeatJobs, beat);
    job::v1::ReleaseJobsRequest release;
    *release.add_leases() = beat.leases(0);
    answers["ReleaseJobs"] = AsWorker(&Jobs::ReleaseJobs, release);
    return answers;
  }

  void ExpectTooLate(const job::v1::ClaimedJob& late, grpc::StatusCode code) {
    const std::string row = Row(late.job().id());
    for (const auto& [call, status] : SayEverything(late)) {
      EXPECT_EQ(status.error_code(), code) << call << ": " << Describe(status);
    }
    EXPECT_EQ(Row(late.job().id()), row) << "the row is as it was, to the last column";
  }
  // All columns of the job's row, and its xmin.
  std::string Row(const std::string& id) {
    const auto rows =
        database_.Run("SELECT j::text || xmin FROM agent_jobs AS j WHERE id = '" + id + "'");
    return rows.empty() ? "gone" : *rows[0][0];
  }
  // Expires the lease, as if its worker had been silent for two minutes.
  void LetTheLeaseRunOut(const std::string& id) {
    RunUnnoticed(
        "UPDATE agent_jobs SET updated_at = updated_at - interval '2 minutes' WHERE id = '" + id +
        "'");
  }
  void Cancel(const std::string& id) {
    job::v1::CancelJobRequest request;
    request.set_id(id);
    ASSERT_TRUE(AsWorker(&Jobs::CancelJob, request).ok());
  }
  void Retry(const std::string& id) {
    job::v1::RetryJobRequest request;
    request.set_id(id);
    ASSERT_TRUE(AsWorker(&Jobs::RetryJob, request).ok());
  }
  void Delete(const std::string& id) {
    job::v1::DeleteJobRequest request;
    request.set_id(id);
    ASSERT_TRUE(AsWorker(&Jobs::DeleteJob, request).ok());
  }
  Services services_{{.job_flags = {"--sweep_interval=50ms"}}};
  Database database_;
  const Person person_ = services_.SignUp();
};

TEST_F(LateWorkers, AfterTheLeaseIsLostNothingTheySayCounts) {
  const auto late = CreateAndClaim(services_, person_);
  LetTheLeaseRunOut(late.job().id());
  const auto newer = ClaimJob(services_, late.job().workflow_id());
  ExpectTooLate(late, grpc::ABORTED);
  ASSERT_TRUE(Complete(services_, newer, "1").ok());
  ExpectTooLate(late, grpc::ABORTED);
}

TEST_F(LateWorkers, RepeatingTheStoredOutcomeSucceedsAndWritesNothing) {
  const auto late = CreateAndClaim(services_, person_);
  LetTheLeaseRunOut(late.job().id());
  const auto newer = ClaimJob(services_, late.job().workflow_id());
  ASSERT_TRUE(Complete(services_, newer, "{}").ok());
  const std::string row = Row(late.job().id());
  EXPECT_TRUE(Complete(services_, late, "{}").ok());
  EXPECT_EQ(Complete(services_, late, "null").reason(), "LEASE_LOST");
  EXPECT_EQ(Row(late.job().id()), row);
}

TEST_F(LateWorkers, WhileTheJobWaitsForAnotherWorkerNothingTheySayCounts) {
  const auto late = CreateAndClaim(services_, person_);
  LetTheLeaseRunOut(late.job().id());
  // Until the backoff is over, so that nothing else writes to the row.
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
    return *database_.Run("SELECT result_payload ->> 'schedule' FROM agent_jobs WHERE id = '" +
                          late.job().id() + "'")[0][0] == "due";
  }));
  ExpectTooLate(late, grpc::ABORTED);
}

TEST_F(LateWorkers, AfterACancellationNothingTheySayCounts) {
  const auto late = CreateAndClaim(services_, person_);
  Cancel(late.job().id());
  ExpectTooLate(late, grpc::ABORTED);
}

TEST_F(LateWorkers, AfterARetryNothingTheySayCounts) {
  const auto late = CreateAndClaim(services_, person_);
  Cancel(late.job().id());
  Retry(late.job().id());
  ExpectTooLate(late, grpc::ABORTED);
  const auto newer = ClaimJob(services_, late.job().workflow_id());
  ExpectTooLate(late, grpc::ABORTED);
  EXPECT_TRUE(Complete(services_, newer, "1").ok());
}

TEST_F(LateWorkers, AfterADeletionTheJobIsNotFound) {
  const auto late = CreateAndClaim(services_, person_);
  Cancel(late.job().id());
  Delete(late.job().id());
  ExpectTooLate(late, grpc::NOT_FOUND);
}

}  // namespace
}  // namespace vibestack::e2e
