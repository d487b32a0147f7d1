#ifndef VIBESTACK_TESTS_E2E_JOBS_ATTEMPTS_ATTEMPTS_FIXTURE_H_
#define VIBESTACK_TESTS_E2E_JOBS_ATTEMPTS_ATTEMPTS_FIXTURE_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/e2e/wire/input/input_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {

// Jobs of workflows that workers pull. Leases are swept and due jobs released every 50 ms.
class AttemptsTest : public InputTest {
 protected:
  using Job = job::v1::Job;
  using Jobs = JobService::Stub;

  static void SetUpTestSuite() { SetUpWith({.job_flags = {"--sweep_interval=50ms"}}); }

  // A request for a job of a new workflow. Without an input if `input_json` is empty.
  static job::v1::CreateJobRequest NewJob(const std::string& input_json = "") {
    job::v1::CreateJobRequest request;
    request.set_workflow_id("attempts-" + NewUuid());
    if (!input_json.empty()) request.set_input_json(input_json);
    return request;
  }
  static Result<Job> TryCreate(const job::v1::CreateJobRequest& request) {
    return Call(services_->jobs(), &Jobs::CreateJob, request, AsUser());
  }
  static Job Create(const job::v1::CreateJobRequest& request) {
    const auto job = TryCreate(request);
    EXPECT_THAT(job, IsOk());
    return job.value;
  }
  static job::v1::ClaimedJob CreateAndClaim(const job::v1::CreateJobRequest& request) {
    const Job job = Create(request);
    job::v1::ClaimedJob claimed = ClaimJob(*services_, request.workflow_id());
    EXPECT_EQ(claimed.job().id(), job.id());
    return claimed;
  }
  // Claims up to `max_jobs` jobs of a workflow.
  static std::vector<job::v1::ClaimedJob> Claim(const std::string& workflow_id, int max_jobs = 1,
                                                absl::Duration wait = absl::ZeroDuration()) {
    job::v1::ClaimJobsRequest request;
    request.add_workflow_ids(workflow_id);
    request.set_max_jobs(max_jobs);
    request.mutable_wait()->set_seconds(absl::ToInt64Seconds(wait));
    const auto claimed = Call(services_->jobs(), &Jobs::ClaimJobs, request, AsService());
    EXPECT_THAT(claimed, IsOk());
    return {claimed.value.jobs().begin(), claimed.value.jobs().end()};
  }
  // Reads a job as its worker does.
  static Job Read(const std::string& id, job::v1::JobView view = job::v1::EXACT) {
    const auto job = GetJob(*services_, services_->service_token(), id, view);
    EXPECT_THAT(job, IsOk());
    return job.value;
  }

  // Fails the attempt of a claimed job so that another one may follow: after `delay`, or after the
  // backoff without one.
  static Result<Job> FailForNow(const job::v1::ClaimedJob& claimed, const std::string& code,
                                std::optional<absl::Duration> delay = absl::ZeroDuration()) {
    job::v1::FailJobRequest request = FailureOf(claimed, code);
    request.set_retryable(true);
    if (delay.has_value()) request.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(*delay));
    return Call(services_->jobs(), &Jobs::FailJob, request, AsService());
  }
  static Result<Job> FailForGood(const job::v1::ClaimedJob& claimed, const std::string& code) {
    return Call(services_->jobs(), &Jobs::FailJob, FailureOf(claimed, code), AsService());
  }
  static Result<Job> Retry(const std::string& id) {
    job::v1::RetryJobRequest request;
    request.set_id(id);
    return Call(services_->jobs(), &Jobs::RetryJob, request, AsUser());
  }
  static Result<Job> Cancel(const std::string& id) {
    job::v1::CancelJobRequest request;
    request.set_id(id);
    return Call(services_->jobs(), &Jobs::CancelJob, request, AsUser());
  }
  // Expires the lease of a job, as if its worker had been silent for two minutes.
  static void LetTheLeaseRunOut(const std::string& id) {
    RunUnnoticed(
        "UPDATE agent_jobs SET updated_at = updated_at - interval '2 minutes' WHERE id = '" + id +
        "'");
  }
  // The column result_payload as text; empty for NULL.
  static std::string PayloadOf(const std::string& id) {
    return Database().One("SELECT coalesce(result_payload::text, '') FROM agent_jobs WHERE id = '" +
                          id + "'");
  }
  // The number and the code of each error.
  static std::vector<std::string> ErrorsOf(const Job& job) {
    std::vector<std::string> errors;
    for (const auto& error : job.errors()) {
      errors.push_back(std::to_string(error.attempt()) + " " + error.code());
      EXPECT_TRUE(error.has_time());
    }
    return errors;
  }

 private:
  static job::v1::FailJobRequest FailureOf(const job::v1::ClaimedJob& claimed,
                                           const std::string& code) {
    job::v1::FailJobRequest request;
    request.set_id(claimed.job().id());
    request.set_lease_token(claimed.lease_token());
    request.set_code(code);
    request.set_message("it is " + code);
    return request;
  }
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_JOBS_ATTEMPTS_ATTEMPTS_FIXTURE_H_
