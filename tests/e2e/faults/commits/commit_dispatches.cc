#include "tests/e2e/faults/commits/commit_transactions.h"

namespace vibestack::e2e {
namespace {

// Leads to a pushed job with an accepted run.
void HaveRun(CommitWorld& world) {
  world.MustCreate("pushed");
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] { return world.State() == "processing -"; }))
      << world.State();
}

grpc::Status ReportRun(CommitWorld& world) {
  auto request = OfJob<job::v1::ReportProgressRequest>(world);
  request.set_result_json("50");
  return world.Try(&JobService::Stub::ReportProgress, request, world.CallbackToken()).status;
}

grpc::Status InsertInto(CommitWorld& world, const std::string& workflow_id,
                        const std::string& age = "0 seconds") {
  world.Insert(workflow_id, age);
  return grpc::Status::OK;
}

// Leads to a job with an input that its workflow did not accept.
void HaveRefusedInput(CommitWorld& world) {
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&world] {
    world.RefuseNext(1);
    EXPECT_EQ(world.Create("shy", "1").error_code(), grpc::UNAVAILABLE);
    return world.State() == R"(pending {"awaiting": "input"})";
  }));
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
       HaveRun,
       [](World& w) { return AgeBy(w, "2 hours"); },
       "processing -",
       "failed PROCESSING_TIMEOUT",
       Acts::kInIt},
      {"CreateJobWithInput",
       job,
       {"create_with_input"},
       Repeats::kCaller,
       [](World&) {},
       [](World& w) { return w.Create("pushed", "1"); },
       "",
       "processing -"},
      {"TheAcceptanceOfAnInput",
       job,
       {"settle_dispatch"},
       Repeats::kService,
       [](World&) {},
       [](World& w) { return w.Create("pushed", "1"); },
       "",
       "processing -"},
      {"TheAnswerToAnInput",
       job,
       {"settle_dispatch"},
       Repeats::kService,
       [](World&) {},
       [](World& w) { return w.Create("answered", "1"); },
       "",
       "completed 7"},
      {"TheSecondCreateJobWithInput",
       job,
       {"take_with_input"},
       Repeats::kCaller,
       HaveRefusedInput,
       [](World& w) { return w.Create("shy", "1"); },
       "",
       "completed 7"},
      {"TheEndOfAJobWhoseTargetIsDown",
       job,
       {"fail_overdue"},
       Repeats::kLoop,
       [](World& w) { w.OpenCircuit(); },
       [](World& w) { return InsertInto(w, "deaf", "2 days"); },
       "pending -",
       "failed DISPATCH_TIMEOUT",
       Acts::kInIt},
      {"AnInputThatNeverCame",
       job,
       {"fail_awaiting_input"},
       Repeats::kLoop,
       HaveRefusedInput,
       [](World& w) { return AgeBy(w, "2 hours"); },
       "pending {\"awaiting\": \"input\"}",
       "failed DISPATCH_TIMEOUT",
       Acts::kInIt},
  };
}

}  // namespace vibestack::e2e
