// SIGKILL: acknowledged writes are stored, and claimed jobs become pending again.
#include <gmock/gmock.h>

#include "tests/support/database.h"
#include "tests/support/load.h"

namespace vibestack::e2e {
namespace {

using testing::IsEmpty;

constexpr int kThreads = 6;

class Sigkill : public testing::Test {
 protected:
  // One worker's step: claims a job and completes it with its own id.
  static void Work(JobService::Stub& jobs, const std::string& token, const std::string& workflow,
                   Ledger& completions) {
    const With with{.token = token, .transport_may_fail = true};
    job::v1::ClaimJobsRequest claim;
    claim.add_workflow_ids(workflow);
    claim.set_max_jobs(5);
    const auto claimed = Call(jobs, &JobService::Stub::ClaimJobs, claim, with);
    if (!claimed.ok()) completions.Refuse(claimed.status);
    for (const auto& job : claimed.value.jobs()) {
      job::v1::CompleteJobRequest request;
      request.set_id(job.job().id());
      request.set_lease_token(job.lease_token());
      request.mutable_result_payload()->set_string_value(job.job().id());
      const auto completed = Call(jobs, &JobService::Stub::CompleteJob, request, with);
      if (completed.ok()) completions.Acknowledge(job.job().id());
      // The lease may have expired while the service was down.
      if (!completed.ok() && completed.code() != grpc::ABORTED)
        completions.Refuse(completed.status);
    }
  }

  Services services_{{.job_flags = {"--lease_duration=2s", "--sweep_interval=100ms"}}};
  const Person person_ = services_.SignUp();
  Database database_;
};

TEST_F(Sigkill, KilledJobServiceLosesNoAcknowledgedCreateOrComplete) {
  const std::string workflow = "sigkill-" + NewUuid();
  Ledger creates;
  Ledger completions;
  std::vector<std::unique_ptr<JobService::Stub>> workers;
  workers.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    workers.push_back(JobService::NewStub(Connect(services_.job().address())));
  }
  Load create(kThreads, CreatesJobs(services_, person_, workflow, creates, true, kThreads));
  Load complete(kThreads, [&](int i) {
    Work(*workers[i], services_.service_token(), workflow, completions);
  });
  for (int round = 0; round < 3; ++round) {
    const size_t created = creates.acknowledgements();
    const size_t completed = completions.acknowledgements();
    ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
      return creates.acknowledgements() > created + 50 &&
             completions.acknowledgements() > completed + 50;
    }));
    services_.job().process().Kill();
    services_.job().Start();
    services_.job().AwaitReady();
  }
  create.Stop();
  complete.Stop();
  EXPECT_THAT(creates.others(), IsEmpty());
  EXPECT_THAT(completions.others(), IsEmpty());
  const std::string of_workflow =
      "SELECT id FROM agent_jobs WHERE workflow_id = '" + workflow + "'";
  EXPECT_THAT(Missing(creates, database_.Column(of_workflow)), IsEmpty());
  EXPECT_THAT(Missing(completions, database_.Column(of_workflow + " AND status = 'completed'")),
              IsEmpty());
  EXPECT_EQ(database_.One("SELECT count(*) FROM agent_jobs WHERE status = 'completed' AND "
                          "result_payload <> to_jsonb(id::text)"),
            "0");
}

TEST_F(Sigkill, JobsThatWereClaimedThenAreClaimableAfterTheirLease) {
  const job::v1::ClaimedJob claimed = CreateAndClaim(services_, person_);
  services_.job().process().Kill();
  services_.job().Start();
  services_.job().AwaitReady();
  // The worker could still use its lease in time. Here it expires, and another worker gets the job.
  const job::v1::ClaimedJob again = ClaimJob(services_, claimed.job().workflow_id());
  EXPECT_EQ(again.job().id(), claimed.job().id());
  EXPECT_EQ(Complete(services_, claimed, "1").reason(), "LEASE_LOST");
  EXPECT_TRUE(Complete(services_, again, "2").ok());
}

TEST_F(Sigkill, KilledUserServiceLosesNoAcknowledgedAccount) {
  Ledger sign_ups;
  Load load(kThreads, SignsUp(services_, sign_ups, kThreads));
  for (int round = 0; round < 2; ++round) {
    const size_t before = sign_ups.acknowledgements();
    ASSERT_TRUE(
        Eventually(absl::Seconds(20), [&] { return sign_ups.acknowledgements() > before + 30; }));
    services_.user().process().Kill();
    services_.user().Start();
    services_.user().AwaitReady();
  }
  load.Stop();
  EXPECT_THAT(sign_ups.others(), IsEmpty());
  EXPECT_THAT(Missing(sign_ups, database_.Column("SELECT id FROM users")), IsEmpty());
  EXPECT_FALSE(services_.LogIn(person_.email, person_.password).access_token.empty());
}

}  // namespace
}  // namespace vibestack::e2e
