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

absl::Status Check(const pb::WatchJobRequest& request) {
  rpc::Validator validator;
  validator.Id("id", request.id());
  CheckView(request.view(), validator);
  if (request.has_heartbeat()) validator.Span("heartbeat", request.heartbeat());
  return validator.ToStatus();
}

// What a watcher was told last, in so many bytes that ten thousand of them cost nothing.
struct Told {
  absl::Time updated_at;
  JobStatus status = JobStatus::kUnknown;
  size_t result_hash = 0;

  static Told Of(const Job& job) {
    return {job.updated_at, job.status,
            job.result.has_value() ? std::hash<std::string>()(*job.result) : 0};
  }
  bool SameAs(const Told& other) const {
    return status == other.status && result_hash == other.result_hash;
  }
  // Whether it is of this version, whose result need not be looked at.
  bool IsOf(const Job& job) const { return updated_at == job.updated_at && status == job.status; }
};

Task<absl::Status> Notify(const Job& job, pb::JobView view, rpc::ServerStream<pb::Job>& stream) {
  const pb::Job message = ToProto(job, view, ShowsResult(view, pb::FULL));
  co_return co_await stream.Write(message);
}

}  // namespace

Task<absl::StatusOr<JobPtr>> JobApi::LookAgain(Call& call, rpc::ServerStream<pb::Job>& stream,
                                               JobKey key, JobStatus told) {
  const absl::Status admitted = co_await stream.Reauthorize();
  if (!admitted.ok()) co_return admitted;
  absl::StatusOr<JobPtr> job = co_await stores_.read.Get(key, call.WorkDeadline());
  if (!job.ok()) co_return job;
  if (key.with_result && *job != nullptr && (*job)->updated_at == key.known &&
      (*job)->status != told) {
    // Somebody changed it with the triggers off.
    key.known.reset();
    job = co_await stores_.read.Get(key, call.WorkDeadline());
    if (!job.ok()) co_return job;
  }
  // The watcher has seen the job, so they may know that it is gone.
  if (*job == nullptr) co_return NotFoundError("job", key.id);
  const absl::Status seen = CheckMaySee(call.caller(), key.id, job->get());
  if (!seen.ok()) co_return seen;
  co_return job;
}

Task<absl::Status> JobApi::WatchJob(Call& call, const pb::WatchJobRequest& request,
                                    rpc::ServerStream<pb::Job>& stream) {
  const absl::Status valid = Check(request);
  if (!valid.ok()) co_return valid;
  JobKey key{CanonicalUuid(request.id()), ShowsResult(request.view(), pb::FULL)};
  Heartbeat heartbeat(request.has_heartbeat() ? &request.heartbeat() : nullptr);
  std::optional<Told> told;
  int failures = 0;
  while (true) {
    // Subscribe, then look: what happens in between wakes us.
    auto waker = std::make_shared<Waker>();
    const JobSubscriptions::Subscription subscription =
        job_subscriptions_.SubscribeToJobAndUser(key.id, call.caller().user_id, waker);
    absl::StatusOr<JobPtr> job = JobPtr();
    const bool heartbeat_due = heartbeat.IsDue(absl::Now());
    if (told.has_value()) {
      // The result, which may be large, of what was told already is read for a heartbeat only.
      key.known.reset();
      if (!heartbeat_due) key.known = told->updated_at;
      job = co_await LookAgain(call, stream, key, told->status);
    } else {
      job = co_await ReadJob(call, key.id, key.with_result);
    }
    if (!job.ok() && !(told.has_value() && IsPassing(job.status()))) co_return job.status();
    failures = job.ok() ? 0 : failures + 1;
    if (job.ok() && (heartbeat_due || !told.has_value() || !told->IsOf(**job))) {
      const Told present = Told::Of(**job);
      const bool changed = !told.has_value() || !told->SameAs(present);
      told = present;
      if (changed || heartbeat_due) {
        heartbeat.Restart(absl::Now());
        const absl::Status written = co_await Notify(**job, request.view(), stream);
        if (!written.ok() || IsTerminal((*job)->status)) co_return written;
      }
    }
    job = JobPtr();  // A result may be large: it is not kept while nothing happens.
    const Wake reason = co_await AwaitChange(call, waker, failures, heartbeat.due());
    if (reason == Wake::kGone) co_return rpc::ClientGoneError();
    if (reason == Wake::kStopping) co_return StoppingError();
  }
}

Task<Wake> JobApi::AwaitChange(Call& call, std::shared_ptr<Waker> waker, int failures,
                               absl::Time heartbeat_due) {
  absl::Time until = NextLook(call.caller(), options_.poll_interval, failures, absl::Now());
  // While looks fail there is nothing to tell.
  if (failures == 0) until = std::min(until, heartbeat_due);
  co_return co_await WaitFor(call, std::move(waker), until);
}

}  // namespace vibestack::job_service
