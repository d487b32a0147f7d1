#include "tests/e2e/faults/commits/commit_transactions.h"

namespace vibestack::e2e {
namespace {

// Leads to a job with an accepted run.
void HaveRunOf(CommitWorld& world, const std::string& workflow_id) {
  world.MustCreate(workflow_id);
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] { return world.State() == "processing -"; }))
      << world.State();
}

void HaveRun(CommitWorld& world) { HaveRunOf(world, "pushed"); }

grpc::Status ReportRun(CommitWorld& world) {
  auto request = OfJob<job::v1::ReportProgressRequest>(world);
  request.set_result_json("50");
  return world.Try(&JobService::Stub::ReportProgress, request, world.CallbackToken()).status;
}

grpc::Status InsertInto(CommitWorld& world, const std::string& workflow_id) {
  world.Insert(workflow_id);
  return grpc::Status::OK;
}

grpc::Status InsertTriedInto(CommitWorld& world, const std::string& workflow_id,
                             const std::string& age) {
  world.InsertTried(workflow_id, age);
  return grpc::Status::OK;
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Transaction> PushedTransactions() {
  using World = CommitWorld;
  const std::string job = "job_service";
  return {
      {"TheClaimOfADispatch",
       job,
       {"claim_dispatches"},
       Repeats::kLoop,
       [](World&) {},
       [](World& w) { return InsertInto(w, "answered"); },
       "",
       "completed 7",
       Acts::kInIt},
      {"TheAnswerToADispatch",
       job,
       {"settle_dispatch"},
       Repeats::kLoop,
       [](World&) {},
       [](World& w) { return InsertInto(w, "answered"); },
       "",
       "completed 7"},
      {"TheAcceptanceOfADispatch",
       job,
       {"settle_dispatch"},
       Repeats::kLoop,
       [](World&) {},
       [](World& w) { return InsertInto(w, "pushed"); },
       "",
       "processing -"},
      {"TheNextTryOfADispatch",
       job,
       {"renew_dispatches"},
       Repeats::kLoop,
       [](World& w) { w.RefuseNext(1); },
       [](World& w) { return InsertInto(w, "shy"); },
       "",
       "completed 7"},
      {"ACallback",
       job,
       {"finish_run"},
       Repeats::kService,
       HaveRun,
       [](World& w) { return w.CallBack("1").status; },
       "processing -",
       "completed 1"},
      {"TheProgressOfARun",
       job,
       {"report_run"},
       Repeats::kService,
       HaveRun,
       ReportRun,
       "processing -",
       "processing 50"},
      {"TheTimeoutOfARun",
       job,
       {"expire_runs"},
       Repeats::kLoop,
       [](World& w) { HaveRunOf(w, "once"); },
       [](World& w) { return AgeBy(w, "2 hours"); },
       "processing -",
       "failed PROCESSING_TIMEOUT",
       Acts::kInIt},
      {"TheEndOfAJobWhoseTargetIsDown",
       job,
       {"fail_overdue"},
       Repeats::kLoop,
       [](World& w) { w.OpenCircuit(); },
       [](World& w) { return InsertTriedInto(w, "deaf", "2 days"); },
       "pending -",
       "failed DISPATCH_TIMEOUT",
       Acts::kInIt},
  };
}

}  // namespace vibestack::e2e
