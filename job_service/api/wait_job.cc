#include <algorithm>
#include <memory>

#include "absl/time/clock.h"
#include "common/base/uuid.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/waiting.h"

namespace vibestack::job_service {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Seconds(30);

absl::Status Check(const pb::WaitJobRequest& request) {
  rpc::Validator validator;
  validator.Id("id", request.id());
  CheckView(request.view(), validator);
  if (request.has_timeout()) validator.Span("timeout", request.timeout());
  return validator.ToStatus();
}

}  // namespace

Task<absl::StatusOr<pb::Job>> JobApi::WaitJob(Call& call, const pb::WaitJobRequest& request) {
  const absl::Status valid = Check(request);
  if (!valid.ok()) co_return valid;
  const std::string id = CanonicalUuid(request.id());
  const bool with_result = ShowsResult(request.view(), pb::FULL);
  const absl::Duration timeout =
      request.has_timeout() ? rpc::ToSpan(request.timeout()) : kDefaultTimeout;
  const absl::Time end = WaitEnd(call.deadline(), timeout, absl::Now());
  bool stopping = false;
  JobPtr last;
  int failures = 0;
  while (true) {
    // Subscribe before reading, so that a change in between wakes this call.
    auto waker = std::make_shared<Waker>();
    const JobSubscriptions::Subscription subscription =
        job_subscriptions_.SubscribeToJob(id, waker);
    const absl::StatusOr<JobPtr> job = co_await ReadJob(call, id, with_result);
    // A wait that has begun survives a read that fails for a while.
    if (!job.ok() && (last == nullptr || !IsTransient(job.status()))) co_return job.status();
    failures = job.ok() ? 0 : failures + 1;
    if (job.ok()) last = *job;
    const absl::Time now = absl::Now();
    if (IsTerminal(last->status) || stopping || now >= end) {
      pb::Job response = ToProto(*last, request.view(), with_result);
      if (with_result) AddAttempts(*last, *options_.workflows(), response);
      co_return response;
    }
    const absl::Time until = std::min(end, now + PollPause(options_.poll_interval, failures));
    const Wake reason = co_await WaitFor(call, waker, until);
    if (reason == Wake::kGone) co_return rpc::ClientGoneError();
    stopping = reason == Wake::kStopping;
  }
}

}  // namespace vibestack::job_service
