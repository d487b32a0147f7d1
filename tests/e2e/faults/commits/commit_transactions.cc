#include "tests/e2e/faults/commits/commit_transactions.h"

namespace vibestack::e2e {
namespace {

using Jobs = JobService::Stub;

void CreatePulled(CommitWorld& world) { world.MustCreate(world.pulled()); }
void HaveClaimed(CommitWorld& world) { world.CreateAndClaim(); }

grpc::Status CancelIt(CommitWorld& world) {
  return world.Try(&Jobs::CancelJob, OfJob<job::v1::CancelJobRequest>(world)).status;
}
void HaveCancelled(CommitWorld& world) {
  world.MustCreate(world.pulled());
  ASSERT_TRUE(CancelIt(world).ok());
}
grpc::Status CreateBatch(CommitWorld& world) {
  job::v1::BatchCreateJobsRequest request;
  for (const std::string& id : world.ids()) {
    auto& job = *request.add_requests();
    job.set_id(id);
    job.set_workflow_id(world.pulled());
    job.set_user_id(world.person().id);
  }
  return world.Try(&Jobs::BatchCreateJobs, request).status;
}

grpc::Status Heartbeat(CommitWorld& world) {
  job::v1::HeartbeatJobsRequest request;
  request.add_leases()->set_job_id(world.id());
  request.mutable_leases(0)->set_lease_token(world.claimed().lease_token());
  return world.Try(&Jobs::HeartbeatJobs, request).status;
}

grpc::Status Report(CommitWorld& world) {
  auto request = OfJob<job::v1::ReportProgressRequest>(world);
  request.set_lease_token(world.claimed().lease_token());
  request.set_result_json("50");
  return world.Try(&Jobs::ReportProgress, request).status;
}

grpc::Status Fail(CommitWorld& world, bool retryable) {
  auto request = OfJob<job::v1::FailJobRequest>(world);
  request.set_lease_token(world.claimed().lease_token());
  request.set_code("BROKEN");
  request.set_retryable(retryable);
  return world.Try(&Jobs::FailJob, request).status;
}

grpc::Status FinishBatch(CommitWorld& world) {
  job::v1::BatchFinishJobsRequest request;
  auto& complete = *request.add_outcomes()->mutable_complete();
  complete.set_id(world.id());
  complete.set_lease_token(world.claimed().lease_token());
  complete.set_result_json("1");
  const auto finished = world.Try(&Jobs::BatchFinishJobs, request);
  if (!finished.ok()) return finished.status;
  const auto& error = finished.value.results(0).error();
  return {static_cast<grpc::StatusCode>(error.code()), error.message(), error.SerializeAsString()};
}

// Does a batch method for the one job, and returns the status of its item.
template <typename Request, typename Response>
grpc::Status InBatch(CommitWorld& world, grpc::Status (Jobs::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*)) {
  Request request;
  request.add_ids(world.id());
  const auto answer = world.Try(method, request);
  if (!answer.ok()) return answer.status;
  const auto& error = answer.value.results(0).error();
  return {static_cast<grpc::StatusCode>(error.code()), error.message(), error.SerializeAsString()};
}

grpc::Status Release(CommitWorld& world) {
  job::v1::ReleaseJobsRequest request;
  request.add_leases()->set_job_id(world.id());
  request.mutable_leases(0)->set_lease_token(world.claimed().lease_token());
  return world.Try(&Jobs::ReleaseJobs, request).status;
}

// Inserts a job whose time has just come.
grpc::Status InsertDue(CommitWorld& world) {
  world.InsertWith(
      "jsonb_build_object('vibestack_job', 1, 'schedule', 'waiting', 'not_before', "
      "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))");
  return grpc::Status::OK;
}

void HaveSomebodyToPurge(CommitWorld& world) {
  world.AddIds(2);
  ASSERT_TRUE(CreateBatch(world).ok());
}

grpc::Status Purge(CommitWorld& world) {
  user::v1::PurgeUserRequest request;
  request.set_id(world.person().id);
  return Call(world.services().users(), &UserService::Stub::PurgeUser, request,
              {.token = world.superuser().access_token, .transport_may_fail = true})
      .status;
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Transaction> PulledTransactions() {
  using World = CommitWorld;
  const std::string job = "job_service";
  return {
      {"CreateJob",
       job,
       {"create_jobs"},
       Repeats::kService,
       [](World&) {},
       [](World& w) { return w.Create(w.pulled()); },
       "gone",
       "pending -"},
      {"CreateJobWithInput",
       job,
       {"create_jobs"},
       Repeats::kService,
       [](World&) {},
       [](World& w) { return w.Create(w.pulled(), R"([1e2, "x"])"); },
       "gone",
       "pending -"},
      {"TheInputOfAJobThatWasCreatedWithoutIt",
       job,
       {"adopt_inputs"},
       Repeats::kService,
       [](World& w) { w.InsertWith(R"('{"awaiting": "input"}')"); },
       [](World& w) { return w.Create(w.pulled(), "[1]"); },
       R"(pending {"awaiting": "input"})",
       "pending -"},
      {"BatchCreateJobs",
       job,
       {"COMMIT"},
       Repeats::kService,
       [](World& w) { w.AddIds(3); },
       CreateBatch,
       "gone",
       "pending -, pending -, pending -"},
      {"ClaimJobs",
       job,
       {"claim_fairly", "claim_oldest"},
       Repeats::kCaller,
       CreatePulled,
       [](World& w) { return w.Claim().status; },
       "pending -",
       "processing -"},
      {"HeartbeatJobs",
       job,
       {"hold_jobs"},
       Repeats::kCaller,
       HaveClaimed,
       Heartbeat,
       "processing -",
       "processing -"},
      {"ReportProgress",
       job,
       {"finish_jobs"},
       Repeats::kCaller,
       HaveClaimed,
       Report,
       "processing -",
       "processing 50"},
      {"CompleteJob",
       job,
       {"finish_jobs"},
       Repeats::kService,
       HaveClaimed,
       [](World& w) { return w.CompleteClaimed("1").status; },
       "processing -",
       "completed 1"},
      {"FailJob",
       job,
       {"finish_jobs"},
       Repeats::kService,
       HaveClaimed,
       [](World& w) { return Fail(w, false); },
       "processing -",
       "failed BROKEN"},
      {"FailJobForNow",
       job,
       {"finish_jobs"},
       Repeats::kService,
       HaveClaimed,
       [](World& w) { return Fail(w, true); },
       "processing -",
       "pending - after 1"},
      {"BatchFinishJobs",
       job,
       {"finish_jobs"},
       Repeats::kService,
       HaveClaimed,
       FinishBatch,
       "processing -",
       "completed 1"},
      {"ReleaseJobs",
       job,
       {"hold_jobs"},
       Repeats::kCaller,
       HaveClaimed,
       Release,
       "processing -",
       "pending -"},
      {"CancelJob",
       job,
       {"cancel_job"},
       Repeats::kService,
       CreatePulled,
       CancelIt,
       "pending -",
       "failed CANCELLED"},
      {"RetryJob",
       job,
       {"retry_job"},
       Repeats::kService,
       HaveCancelled,
       [](World& w) { return w.Try(&Jobs::RetryJob, OfJob<job::v1::RetryJobRequest>(w)).status; },
       "failed CANCELLED",
       "pending - after 1"},
      {"DeleteJob",
       job,
       {"delete_job"},
       Repeats::kCaller,
       HaveCancelled,
       [](World& w) { return w.Try(&Jobs::DeleteJob, OfJob<job::v1::DeleteJobRequest>(w)).status; },
       "failed CANCELLED",
       "gone"},
      {"BatchCancelJobs",
       job,
       {"cancel_jobs"},
       Repeats::kService,
       CreatePulled,
       [](World& w) { return InBatch(w, &Jobs::BatchCancelJobs); },
       "pending -",
       "failed CANCELLED"},
      {"BatchRetryJobs",
       job,
       {"retry_jobs"},
       Repeats::kService,
       HaveCancelled,
       [](World& w) { return InBatch(w, &Jobs::BatchRetryJobs); },
       "failed CANCELLED",
       "pending - after 1"},
      {"BatchDeleteJobs",
       job,
       {"delete_jobs"},
       Repeats::kCaller,
       HaveCancelled,
       [](World& w) { return InBatch(w, &Jobs::BatchDeleteJobs); },
       "failed CANCELLED",
       "gone"},
      {"TheSweep",
       job,
       {"sweep_jobs"},
       Repeats::kLoop,
       HaveClaimed,
       [](World& w) { return AgeBy(w, "2 minutes"); },
       "processing -",
       "pending - after 1",
       Acts::kInIt},
      {"TheTimeOfAScheduledJob",
       job,
       {"release_scheduled"},
       Repeats::kLoop,
       [](World&) {},
       [](World& w) { return InsertDue(w); },
       "",
       "pending -",
       Acts::kInIt},
      {"Retention",
       job,
       {"expire_jobs"},
       Repeats::kLoop,
       HaveCancelled,
       [](World& w) { return AgeBy(w, "2 days"); },
       "failed CANCELLED",
       "gone",
       Acts::kInIt},
      {"PurgeUser",
       "user_service",
       {"COMMIT"},
       Repeats::kService,
       HaveSomebodyToPurge,
       Purge,
       "pending -, pending -",
       "gone"},
  };
}

}  // namespace vibestack::e2e
