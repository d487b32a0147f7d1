#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/waiting.h"

namespace vibestack::job_service {
namespace {

absl::Status DispatchInProgressError() {
  return UnavailableError("DISPATCH_UNDER_WAY",
                          "the workflow has not answered yet; repeat the call with the same id",
                          absl::Seconds(1));
}

}  // namespace

Task<absl::StatusOr<pb::Job>> JobApi::DispatchWithInput(Call& call, Job job, std::string input,
                                                        absl::Time end) {
  auto ended = std::make_shared<Waker>();
  const std::string id = job.id;
  const std::shared_ptr<InputDispatch> dispatch =
      dispatcher_.Dispatch(std::move(job), std::move(input), ended, call.trace());
  const Wake reason = co_await WaitFor(call, ended, end);
  if (reason == Wake::kGone) co_return rpc::ClientGoneError();
  const std::optional<absl::Status> outcome = dispatch->outcome();
  if (!outcome.has_value()) co_return DispatchInProgressError();
  if (!outcome->ok()) co_return *outcome;
  const JobKey key{id, true};
  const absl::StatusOr<JobPtr> created = co_await stores_.read.Get(key, call.WorkDeadline());
  if (!created.ok()) co_return created.status();
  if (*created == nullptr) co_return NotFoundError("job", id);
  // The workflow answered, but the outcome could not be stored.
  if ((*created)->status == JobStatus::kPending) co_return DispatchInProgressError();
  co_return ToProto(**created, pb::FULL);
}

Task<absl::StatusOr<pb::Job>> JobApi::CreateWithInput(Call& call, NewJob job, std::string input) {
  const WorkflowSetPtr workflows = options_.workflows();
  const Push* push = workflows->FindPush(job.workflow_id);
  if (push == nullptr) {
    co_return InvalidFieldError("input", "is allowed only for pushed workflows");
  }
  const absl::Time end = WaitEnd(call.deadline(), kMaxWait, absl::Now());
  while (true) {
    auto waker = std::make_shared<Waker>();
    const JobSubscriptions::Subscription subscription =
        job_subscriptions_.SubscribeToJob(job.id, waker);
    absl::StatusOr<CreationWithInput> creation = co_await stores_.dispatch.CreateWithInput(
        job, push->VisibilityTimeout(), call.WorkDeadline());
    if (!creation.ok()) co_return creation.status();
    if (creation->dispatch_now) {
      co_return co_await DispatchWithInput(call, std::move(creation->job), std::move(input), end);
    }
    if (!creation->dispatched_elsewhere) co_return ToProto(creation->job, pb::FULL);
    // Another call with this id dispatches the job. Wait for its outcome, which is the outcome of
    // this call, too.
    const absl::Time now = absl::Now();
    if (now >= end) co_return DispatchInProgressError();
    const absl::Time until = std::min(end, now + options_.poll_interval);
    const Wake reason = co_await WaitFor(call, waker, until);
    if (reason == Wake::kGone) co_return rpc::ClientGoneError();
    if (reason == Wake::kStopping) co_return DispatchInProgressError();
  }
}

}  // namespace vibestack::job_service
