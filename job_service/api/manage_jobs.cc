// BatchCancelJobs, BatchRetryJobs and BatchDeleteJobs.
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/uuid.h"
#include "common/rpc/alarm.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/validator.h"
#include "job_service/api/access.h"
#include "job_service/api/job_api.h"
#include "job_service/domain/job_error.h"

namespace vibestack::job_service {
namespace {

using Ids = std::vector<std::string>;
using Answers = ManageStore::Answers;
// Submits these jobs to the store.
using Submit = std::function<Task<Answers>(Ids)>;

constexpr int kMaxBatch = 1'000;

// The waits before each further try of the jobs that another transaction holds. Such a transaction
// is short as a rule: a claim or a heartbeat.
constexpr absl::Duration kWaits[] = {absl::Milliseconds(10), absl::Milliseconds(20),
                                     absl::Milliseconds(40), absl::Milliseconds(80),
                                     absl::Milliseconds(160)};

template <typename Request>
void CheckIds(const Request& request, rpc::Validator& validator) {
  validator.Size("ids", request.ids_size(), 1, kMaxBatch);
  if (!validator.ok()) return;
  for (int i = 0; i < request.ids_size(); ++i) {
    validator.Id(absl::StrCat("ids[", i, "]"), request.ids(i));
  }
}

template <typename Request>
Ids CanonicalIds(const Request& request) {
  Ids ids;
  ids.reserve(static_cast<size_t>(request.ids_size()));
  for (const std::string& id : request.ids()) ids.push_back(CanonicalUuid(id));
  return ids;
}

// Submits the jobs, and those in conflict again. Returns the answers in the order of `ids`.
Task<Answers> SubmitUntilWritten(Submit submit, Ids ids, absl::Time deadline) {
  Answers answers = co_await submit(ids);
  for (const absl::Duration wait : kWaits) {
    std::vector<size_t> held;
    Ids again;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!absl::IsAborted(answers[i].status())) continue;
      held.push_back(i);
      again.push_back(ids[i]);
    }
    const absl::Time next = absl::Now() + wait;
    if (held.empty() || next >= deadline) break;
    co_await rpc::WaitUntil(next);
    Answers later = co_await submit(std::move(again));
    for (size_t i = 0; i < held.size(); ++i) answers[held[i]] = std::move(later[i]);
  }
  co_return answers;
}

template <typename Response>
Response ToResponse(const Ids& ids, const Answers& answers) {
  Response response;
  for (size_t i = 0; i < ids.size(); ++i) {
    auto& result = *response.add_results();
    result.set_job_id(ids[i]);
    const absl::Status& status = answers[i].status();
    if (!status.ok()) *result.mutable_error() = rpc::ToStatusProto(status);
  }
  return response;
}

}  // namespace

Task<absl::StatusOr<pb::BatchCancelJobsResponse>> JobApi::BatchCancelJobs(
    Call& call, const pb::BatchCancelJobsRequest& request) {
  rpc::Validator validator;
  validator.Text("reason", request.reason(), 0, kMaxCancelReason);
  CheckIds(request, validator);
  if (!validator.ok()) co_return validator.ToStatus();
  const Ids ids = CanonicalIds(request);
  const std::string error = ErrorObject(kCancelledCode, request.reason(), "");
  const Submit submit = [&](Ids some) {
    return stores_.manage.CancelAll(std::move(some), BoundTo(call.caller()), error,
                                    call.WorkDeadline());
  };
  const Answers answers = co_await SubmitUntilWritten(submit, ids, call.WorkDeadline());
  for (const absl::StatusOr<Job>& job : answers) {
    if (job.ok()) dispatcher_.NotifyCancelled(*job, request.reason());
  }
  co_return ToResponse<pb::BatchCancelJobsResponse>(ids, answers);
}

Task<absl::StatusOr<pb::BatchRetryJobsResponse>> JobApi::BatchRetryJobs(
    Call& call, const pb::BatchRetryJobsRequest& request) {
  rpc::Validator validator;
  CheckIds(request, validator);
  if (!validator.ok()) co_return validator.ToStatus();
  const Ids ids = CanonicalIds(request);
  const Submit submit = [&](Ids some) {
    return stores_.manage.RetryAll(std::move(some), BoundTo(call.caller()), call.WorkDeadline());
  };
  const Answers answers = co_await SubmitUntilWritten(submit, ids, call.WorkDeadline());
  co_return ToResponse<pb::BatchRetryJobsResponse>(ids, answers);
}

Task<absl::StatusOr<pb::BatchDeleteJobsResponse>> JobApi::BatchDeleteJobs(
    Call& call, const pb::BatchDeleteJobsRequest& request) {
  rpc::Validator validator;
  CheckIds(request, validator);
  if (!validator.ok()) co_return validator.ToStatus();
  const Ids ids = CanonicalIds(request);
  const Submit submit = [&](Ids some) {
    return stores_.manage.DeleteAll(std::move(some), BoundTo(call.caller()), call.WorkDeadline());
  };
  const Answers answers = co_await SubmitUntilWritten(submit, ids, call.WorkDeadline());
  co_return ToResponse<pb::BatchDeleteJobsResponse>(ids, answers);
}

}  // namespace vibestack::job_service
