// The part of WorkflowDispatcher that posts jobs for the calls that have their inputs.
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "job_service/dispatch/workflow_dispatcher.h"

namespace vibestack::job_service {
namespace {

using Kind = DispatchOutcome::Kind;

}  // namespace

bool WorkflowDispatcher::Enter(const Push& push) {
  absl::MutexLock lock(&mutex_);
  if (stopping_ || circuit_.Allowance(absl::Now(), under_way_, push.max_concurrent) == 0) {
    return false;
  }
  ++under_way_;
  return true;
}

Task<absl::Status> WorkflowDispatcher::PostWithInput(const Push& push, const Job& job,
                                                     const std::string& input) {
  if (!Enter(push)) {
    co_return UnavailableError("DISPATCH_PAUSED", "the workflow takes no jobs at the moment",
                               absl::Seconds(1));
  }
  const absl::Time now = absl::Now();
  const DispatchOutcome outcome =
      co_await shared_.sender.Post(push, job, input, now + push.timeout);
  absl::Status status;
  if (outcome.kind == Kind::kRetry) {
    Note(outcome);
    status = UnavailableError("DISPATCH_FAILED", "the workflow did not take the job",
                              outcome.retry_after.value_or(absl::Seconds(1)));
  } else if (outcome.kind == Kind::kAbandoned) {
    status = UnavailableError("SHUTTING_DOWN", "the service is stopping");
  } else {
    co_await Settle(push, job, now, outcome);
  }
  EndAttempt();
  co_return status;
}

Task<void> WorkflowDispatcher::AttemptWithInput(Job job, std::string input,
                                                std::shared_ptr<InputDispatch> dispatch) {
  co_await TraceBy(dispatch->trace());
  const WorkflowSetPtr workflows = shared_.workflows();
  const Push* push = workflows->FindPush(workflow_id_);
  absl::Status status = UnavailableError("CONFIGURATION_CHANGED", "the workflow is not pushed now");
  if (push != nullptr) status = co_await PostWithInput(*push, job, input);
  if (!status.ok()) {
    // So that the call's repetition need not wait for our hold.
    const Lease held{job.id, LeaseToken(job)};
    const absl::StatusOr<bool> freed =
        co_await shared_.store.AwaitInput(held, absl::Now() + kStoreTime);
    LogUnstored(job, freed.status());
  }
  dispatch->End(std::move(status));
}

}  // namespace vibestack::job_service
