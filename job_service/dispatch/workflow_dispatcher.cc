#include "job_service/dispatch/workflow_dispatcher.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "common/http/retry_policy.h"
#include "common/rpc/alarm.h"
#include "common/telemetry/log.h"
#include "job_service/domain/job_error.h"

namespace vibestack::job_service {
namespace {

using Kind = DispatchOutcome::Kind;

// Jobs that wait for another try in one lane; past it no new ones are taken.
constexpr size_t kMaxHeld = 1'000;
constexpr int kMaxOverdue = 1'000;
// A receiver gets each wait that it asks for: the dispatch timeout bounds it.
constexpr http::RetryPolicy kRetryPolicy{.first_delay = absl::Seconds(1),
                                         .max_delay = absl::Minutes(10),
                                         .max_retry_after = absl::InfiniteDuration()};
// A request that would begin later than this after its job was taken is not sent: another replica
// could send it at the same time.
constexpr absl::Duration kLatestStart = absl::Seconds(1);

}  // namespace

WorkflowDispatcher::WorkflowDispatcher(std::string workflow_id, const Shared& shared)
    : workflow_id_(std::move(workflow_id)), shared_(shared) {}

void WorkflowDispatcher::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  Notify(Wake::kStopping);
}

WorkflowDispatcher::Stats WorkflowDispatcher::stats() {
  absl::MutexLock lock(&mutex_);
  return {static_cast<size_t>(under_way_), held_.size(), circuit_.open()};
}

bool WorkflowDispatcher::SetWaker(const std::shared_ptr<Waker>& waker) {
  absl::MutexLock lock(&mutex_);
  waker_ = waker;
  return !stopping_;
}

void WorkflowDispatcher::Notify(Wake reason) {
  std::shared_ptr<Waker> waker;
  {
    absl::MutexLock lock(&mutex_);
    waker = waker_;
  }
  if (waker != nullptr) waker->Notify(reason);
}

Task<void> WorkflowDispatcher::Run() {
  while (true) {
    auto waker = std::make_shared<Waker>();
    if (!SetWaker(waker)) co_return;
    const WorkflowSetPtr workflows = shared_.workflows();
    const Push* push = workflows->FindPush(workflow_id_);
    // The news of a workflow that is pulled now is for its workers.
    std::vector<std::string> ours;
    if (push != nullptr) ours.push_back(workflow_id_);
    const JobSubscriptions::Subscription subscription =
        shared_.job_subscriptions.WatchWorkflows(ours, 1, waker);
    absl::Time next = absl::Now() + shared_.poll_interval;
    if (push != nullptr) next = co_await Work(*push);
    const rpc::Alarm alarm(next, [waker] { waker->Notify(Wake::kTimer); });
    const Wake reason = co_await waker->Wait();
    if (reason == Wake::kStopping) co_return;
  }
}

Task<absl::Time> WorkflowDispatcher::Work(const Push& push) {
  co_await FailGivenUp(push);
  co_await RenewHeld(push);
  co_await ClaimNew(push);
  co_return NextLook(absl::Now());
}

absl::Time WorkflowDispatcher::NextLook(absl::Time now) {
  absl::Time next = now + shared_.poll_interval;
  absl::MutexLock lock(&mutex_);
  if (circuit_.paused_until() > now) next = std::min(next, circuit_.paused_until());
  for (const Held& held : held_) {
    next = std::min({next, held.keep_by, held.give_up_at});
    // What is due already waits for room, whose coming rouses us.
    if (held.due > now) next = std::min(next, held.due);
  }
  return next;
}

bool WorkflowDispatcher::IsStopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

int WorkflowDispatcher::Room(const Push& push) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return 0;
  return circuit_.Allowance(absl::Now(), under_way_, push.max_concurrent);
}

std::vector<WorkflowDispatcher::Held> WorkflowDispatcher::TakeGivenUp(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const auto kept = std::partition(held_.begin(), held_.end(),
                                   [now](const Held& held) { return held.give_up_at > now; });
  std::vector<Held> taken(std::make_move_iterator(kept), std::make_move_iterator(held_.end()));
  held_.erase(kept, held_.end());
  return taken;
}

Task<void> WorkflowDispatcher::FailGivenUp(const Push& push) {
  const std::vector<Held> given_up = TakeGivenUp(absl::Now());
  for (const Held& held : given_up) {
    if (IsStopping()) co_return;  // The rest is any replica's after its hold.
    co_await Store(held.job, JobStatus::kFailed, held.error);
  }
  bool open = false;
  {
    absl::MutexLock lock(&mutex_);
    open = circuit_.open();
  }
  // Of a target that works, jobs may wait as long as it takes; of one that does not, they end.
  if (!open) co_return;
  const absl::StatusOr<int> failed =
      co_await shared_.store.FailOverdue(workflow_id_, push, kMaxOverdue, absl::Now() + kStoreTime);
  if (failed.ok() && *failed == kMaxOverdue) WakeUp();
}

std::vector<WorkflowDispatcher::Held> WorkflowDispatcher::TakeToRenew(absl::Time now,
                                                                      int max_concurrent) {
  absl::MutexLock lock(&mutex_);
  int room = stopping_ ? 0 : circuit_.Allowance(now, under_way_, max_concurrent);
  for (Held& held : held_) {
    held.begins = held.due <= now && room > 0;
    if (held.begins) --room;
  }
  const auto kept = std::partition(held_.begin(), held_.end(), [now](const Held& held) {
    return !held.begins && held.keep_by > now;
  });
  std::vector<Held> taken(std::make_move_iterator(kept), std::make_move_iterator(held_.end()));
  held_.erase(kept, held_.end());
  return taken;
}

Task<void> WorkflowDispatcher::RenewHeld(const Push& push) {
  const absl::Time now = absl::Now();
  std::vector<Held> to_renew = TakeToRenew(now, push.max_concurrent);
  if (to_renew.empty()) co_return;
  std::vector<Lease> leases;
  leases.reserve(to_renew.size());
  for (const Held& held : to_renew) leases.push_back({held.job.id, LeaseToken(held.job)});
  absl::StatusOr<std::vector<Job>> renewed =
      co_await shared_.store.Renew(std::move(leases), now + kStoreTime);
  // Where the database is away they are free again after their time, for any replica.
  if (!renewed.ok()) co_return;
  absl::flat_hash_map<std::string, Job> jobs;
  for (Job& job : *renewed) jobs.emplace(job.id, std::move(job));
  for (Held& held : to_renew) {
    const auto job = jobs.find(held.job.id);
    if (job == jobs.end()) continue;  // It ended, or somebody else has it.
    held.job = std::move(job->second);
    held.keep_by = now + push.hold() / 2;
    if (held.begins) {
      BeginAttempt(push, std::move(held.job), now);
    } else {
      absl::MutexLock lock(&mutex_);
      held_.push_back(std::move(held));
    }
  }
}

Task<void> WorkflowDispatcher::ClaimNew(const Push& push) {
  const int room = Room(push);
  {
    absl::MutexLock lock(&mutex_);
    if (room == 0 || held_.size() >= kMaxHeld) co_return;
  }
  const absl::Time now = absl::Now();
  absl::StatusOr<std::vector<Job>> jobs =
      co_await shared_.store.Claim(workflow_id_, room, push.hold(), now + kStoreTime);
  if (!jobs.ok()) co_return;
  for (Job& job : *jobs) BeginAttempt(push, std::move(job), now);
}

void WorkflowDispatcher::BeginAttempt(const Push& push, Job job, absl::Time taken_at) {
  if (Enter(push)) {
    shared_.tasks.Go(Attempt(std::move(job), taken_at));
    return;
  }
  // While the job was taken, a call with its input was quicker or the target failed.
  DispatchOutcome no_room;
  no_room.kind = Kind::kRetry;
  no_room.result = ErrorResult("DISPATCH_TIMEOUT", "the workflow had no room in time", "");
  Keep(push, job, taken_at, no_room);
}

void WorkflowDispatcher::EndAttempt() {
  {
    absl::MutexLock lock(&mutex_);
    --under_way_;
  }
  WakeUp();
}

Task<void> WorkflowDispatcher::Attempt(Job job, absl::Time taken_at) {
  const WorkflowSetPtr workflows = shared_.workflows();
  const Push* push = workflows->FindPush(workflow_id_);
  const absl::Time now = absl::Now();
  if (push != nullptr && now < taken_at + kLatestStart) {
    const std::string no_input;
    const DispatchOutcome outcome =
        co_await shared_.sender.Post(*push, job, no_input, now + push->timeout);
    co_await Settle(*push, job, taken_at, outcome);
  }
  EndAttempt();
}

void WorkflowDispatcher::Note(const DispatchOutcome& outcome) {
  absl::MutexLock lock(&mutex_);
  if (outcome.kind == Kind::kRetry) {
    circuit_.Failed(absl::Now(), outcome.retry_after);
  } else if (outcome.kind != Kind::kAbandoned) {
    circuit_.Succeeded();
  }
}

Task<void> WorkflowDispatcher::Settle(const Push& push, const Job& job, absl::Time taken_at,
                                      const DispatchOutcome& outcome) {
  Note(outcome);
  switch (outcome.kind) {
    case Kind::kAccepted:
      co_await Store(job, JobStatus::kProcessing, std::nullopt);
      break;
    case Kind::kCompleted:
      co_await Store(job, JobStatus::kCompleted, outcome.result);
      break;
    case Kind::kFailed:
      co_await Store(job, JobStatus::kFailed, outcome.result);
      break;
    case Kind::kRetry:
      if (!Keep(push, job, taken_at, outcome)) {
        co_await Store(job, JobStatus::kFailed, outcome.result);
      }
      break;
    case Kind::kAbandoned:
      break;
  }
}

bool WorkflowDispatcher::Keep(const Push& push, const Job& job, absl::Time taken_at,
                              const DispatchOutcome& outcome) {
  const absl::Time now = absl::Now();
  // The age by the database's clock, whatever ours says, and how long it is since.
  const absl::Duration age = job.updated_at - job.created_at;
  const absl::Time give_up_at = taken_at + push.dispatch_timeout - age;
  if (give_up_at <= now) return false;
  const absl::Duration delay = kRetryPolicy.DelayAtAge(age + (now - taken_at), outcome.retry_after);
  Held held{job, now + delay, taken_at + push.hold() / 2, give_up_at, outcome.result, false};
  absl::MutexLock lock(&mutex_);
  if (!stopping_) held_.push_back(std::move(held));
  return true;
}

Task<void> WorkflowDispatcher::Store(const Job& job, JobStatus status,
                                     std::optional<std::string> result) {
  const Lease held{job.id, LeaseToken(job)};
  absl::StatusOr<bool> stored =
      co_await shared_.store.Settle(held, status, std::move(result), absl::Now() + kStoreTime);
  if (absl::IsInvalidArgument(stored.status())) {
    // Our own checks let pass what the database cannot store.
    std::string error = ErrorResult(
        "RESPONSE_INVALID", "the workflow's answer is JSON that the database cannot store", "");
    stored = co_await shared_.store.Settle(held, JobStatus::kFailed, std::move(error),
                                           absl::Now() + kStoreTime);
  }
  LogUnstored(job, stored.status());
}

void WorkflowDispatcher::LogUnstored(const Job& job, const absl::Status& stored) {
  if (stored.ok()) return;
  Log(LogLevel::kWarning, "dispatch_not_stored",
      {{"job_id", job.id}, {"code", absl::StatusCodeToString(stored.code())}});
}

}  // namespace vibestack::job_service
