#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/waiting.h"

namespace vibestack::job_service {
namespace {

// The state that the stream sent last. It is small, because a replica may have ten thousand
// streams.
struct Sent {
  absl::Time updated_at;
  JobStatus status = JobStatus::kUnknown;
  size_t result_hash = 0;
  int failed_attempts = 0;

  static Sent Of(const Job& job) {
    return {job.updated_at, job.status,
            job.result.has_value() ? std::hash<std::string>()(*job.result) : 0,
            job.failed_attempts};
  }
  bool SameAs(const Sent& other) const {
    return status == other.status && result_hash == other.result_hash &&
           failed_attempts == other.failed_attempts;
  }
  // Whether the stream sent this version of the job. If so, the results need no comparison.
  bool IsOf(const Job& job) const { return updated_at == job.updated_at && status == job.status; }
};

Task<absl::Status> Send(const Job& job, pb::JobView view, const WorkflowSet& workflows,
                        rpc::ServerStream<pb::Job>& stream) {
  const bool with_result = ShowsResult(view, pb::FULL);
  pb::Job message = ToProto(job, view, with_result);
  if (with_result) AddAttempts(job, workflows, message);
  co_return co_await stream.Write(message);
}

}  // namespace

absl::Status JobApi::CheckWatch(const pb::WatchJobRequest& request) {
  rpc::Validator validator;
  validator.Id("id", request.id());
  CheckView(request.view(), validator);
  if (request.has_heartbeat()) validator.Span("heartbeat", request.heartbeat());
  return validator.ToStatus();
}

Task<absl::StatusOr<JobPtr>> JobApi::Recheck(Call& call, rpc::ServerStream<pb::Job>& stream,
                                             JobKey key, JobStatus sent) {
  const absl::Status authorized = co_await stream.Reauthorize();
  if (!authorized.ok()) co_return authorized;
  absl::StatusOr<JobPtr> job = co_await stores_.read.Get(key, call.WorkDeadline());
  if (!job.ok()) co_return job;
  if (key.with_result && *job != nullptr && (*job)->updated_at == key.known &&
      (*job)->status != sent) {
    // Another program changed the job without the triggers, so `updated_at` did not move: read the
    // result, too.
    key.known.reset();
    job = co_await stores_.read.Get(key, call.WorkDeadline());
    if (!job.ok()) co_return job;
  }
  // The caller has seen the job, so the error may reveal that it is gone.
  if (*job == nullptr) co_return NotFoundError("job", key.id);
  const absl::Status seen = CheckMaySeeJob(call.caller(), key.id, job->get());
  if (!seen.ok()) co_return seen;
  co_return job;
}

Task<absl::Status> JobApi::WatchJob(Call& call, const pb::WatchJobRequest& request,
                                    rpc::ServerStream<pb::Job>& stream) {
  const absl::Status valid = CheckWatch(request);
  if (!valid.ok()) co_return valid;
  JobKey key{CanonicalUuid(request.id()), ShowsResult(request.view(), pb::FULL)};
  Heartbeat heartbeat(request.has_heartbeat() ? &request.heartbeat() : nullptr);
  std::optional<Sent> sent;
  int failures = 0;
  while (true) {
    // Subscribe before reading, so that a change in between wakes this stream.
    auto waker = std::make_shared<Waker>();
    const JobSubscriptions::Subscription subscription =
        job_subscriptions_.SubscribeToJobAndUser(key.id, call.caller().user_id, waker);
    absl::StatusOr<JobPtr> job = JobPtr();
    const bool heartbeat_due = heartbeat.IsDue(absl::Now());
    if (sent.has_value()) {
      // A result may be large, so a result that was sent is not read again, except for a heartbeat.
      key.known.reset();
      if (!heartbeat_due) key.known = sent->updated_at;
      job = co_await Recheck(call, stream, key, sent->status);
    } else {
      job = co_await ReadJob(call, key.id, key.with_result);
    }
    if (!job.ok() && !(sent.has_value() && IsTransient(job.status()))) co_return job.status();
    failures = job.ok() ? 0 : failures + 1;
    if (job.ok() && (heartbeat_due || !sent.has_value() || !sent->IsOf(**job))) {
      const Sent present = Sent::Of(**job);
      const bool changed = !sent.has_value() || !sent->SameAs(present);
      sent = present;
      if (changed || heartbeat_due) {
        heartbeat.Restart(absl::Now());
        const absl::Status written =
            co_await Send(**job, request.view(), *options_.workflows(), stream);
        if (!written.ok() || IsTerminal((*job)->status)) co_return written;
      }
    }
    job = JobPtr();  // A result may be large, so free it while the stream waits.
    const Wake reason = co_await AwaitChange(call, waker, failures, heartbeat.due());
    if (reason == Wake::kGone) co_return rpc::ClientGoneError();
    if (reason == Wake::kStopping) co_return StoppingError();
  }
}

Task<Wake> JobApi::AwaitChange(Call& call, std::shared_ptr<Waker> waker, int failures,
                               absl::Time heartbeat_due) {
  absl::Time until = NextPoll(call.caller(), options_.poll_interval, failures, absl::Now());
  // While reads fail there is no state to send in a heartbeat.
  if (failures == 0) until = std::min(until, heartbeat_due);
  co_return co_await WaitFor(call, std::move(waker), until);
}

}  // namespace vibestack::job_service
