#include "job_service/dispatch/workflow_dispatcher.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/http/retry_policy.h"
#include "common/rpc/alarm.h"
#include "common/telemetry/log.h"
#include "job_service/domain/job_error.h"

namespace vibestack::job_service {
namespace {

using Kind = DispatchOutcome::Kind;

// While this many jobs wait for a retry, the dispatcher claims no new jobs.
constexpr size_t kMaxPendingRetries = 1'000;
// max_retry_after is infinite, because the dispatch timeout bounds the wait that a target asks for.
constexpr http::RetryPolicy kRetryPolicy{.first_delay = absl::Seconds(1),
                                         .max_delay = absl::Minutes(10),
                                         .max_retry_after = absl::InfiniteDuration()};
// A request must end within the timeout and this time after its job was claimed. Otherwise another
// replica could post the job meanwhile. The rest of the visibility timeout is for the outcome.
constexpr absl::Duration kMaxPostDelay = absl::Seconds(1);
// A renewal writes the payload of each job whose first request has failed, with inputs of up to
// 1 MiB. More jobs in one statement may exceed its timeout.
constexpr size_t kMaxRenewals = 50;
// The wait of a job that could not be sent.
constexpr absl::Duration kUnsentDelay = absl::Seconds(1);

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
  return {static_cast<size_t>(under_way_), pending_retries_.size(), circuit_breaker_.open()};
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
    const Push* push =
        workflows->IsPaused(workflow_id_) ? nullptr : workflows->FindPush(workflow_id_);
    // If the workflow is not pushed now, its change events are for its workers.
    std::vector<std::string> subscribed;
    if (push != nullptr) subscribed.push_back(workflow_id_);
    const JobSubscriptions::Subscription subscription =
        shared_.job_subscriptions.SubscribeToWorkflows(subscribed, 1, waker);
    absl::Time next = absl::Now() + shared_.poll_interval;
    if (push != nullptr) next = co_await Work(*push);
    const rpc::Alarm alarm(next, [waker] { waker->Notify(Wake::kTimer); });
    const Wake reason = co_await waker->Wait();
    if (reason == Wake::kStopping) co_return;
  }
}

Task<absl::Time> WorkflowDispatcher::Work(const Push& push) {
  co_await FailGivenUp(push);
  co_await RenewPendingRetries(push);
  co_await ClaimNew(push);
  co_return NextPoll(absl::Now());
}

absl::Time WorkflowDispatcher::NextPoll(absl::Time now) {
  absl::Time next = now + shared_.poll_interval;
  absl::MutexLock lock(&mutex_);
  if (circuit_breaker_.paused_until() > now) next = std::min(next, circuit_breaker_.paused_until());
  for (const PendingRetry& retry : pending_retries_) {
    next = std::min({next, retry.renew_at, retry.give_up_at});
    // A retry that is due waits for a slot, and ReleaseSlot() wakes the dispatcher.
    if (retry.retry_at > now) next = std::min(next, retry.retry_at);
  }
  return next;
}

bool WorkflowDispatcher::IsStopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

int WorkflowDispatcher::FreeSlots(const Push& push) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return 0;
  return circuit_breaker_.FreeSlots(absl::Now(), under_way_, push.max_concurrent);
}

std::vector<WorkflowDispatcher::PendingRetry> WorkflowDispatcher::TakeGivenUp(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const auto kept =
      std::partition(pending_retries_.begin(), pending_retries_.end(),
                     [now](const PendingRetry& retry) { return retry.give_up_at > now; });
  std::vector<PendingRetry> taken(std::make_move_iterator(kept),
                                  std::make_move_iterator(pending_retries_.end()));
  pending_retries_.erase(kept, pending_retries_.end());
  return taken;
}

Task<void> WorkflowDispatcher::FailGivenUp(const Push& push) {
  const std::vector<PendingRetry> given_up = TakeGivenUp(absl::Now());
  for (const PendingRetry& retry : given_up) {
    if (IsStopping()) co_return;  // Other replicas fail the rest after the visibility timeout.
    co_await Store(retry.job, JobStatus::kFailed, retry.error);
  }
  bool open = false;
  {
    absl::MutexLock lock(&mutex_);
    open = circuit_breaker_.open();
  }
  // While the circuit is open, no replica may claim a job whose replica crashed.
  if (!open) co_return;
  const absl::StatusOr<int> failed = co_await shared_.store.FailOverdue(
      workflow_id_, push, max_overdue_, absl::Now() + kStoreTime);
  // Jobs with large payloads may take longer than the timeout, so the next call takes fewer.
  if (!failed.ok()) max_overdue_ = std::max(max_overdue_ / 10, 1);
  if (failed.ok() && *failed == max_overdue_) WakeUp();
}

std::vector<WorkflowDispatcher::PendingRetry> WorkflowDispatcher::TakeDueRetries(
    absl::Time now, int max_concurrent) {
  absl::MutexLock lock(&mutex_);
  int free_slots = stopping_ ? 0 : circuit_breaker_.FreeSlots(now, under_way_, max_concurrent);
  for (PendingRetry& retry : pending_retries_) {
    retry.starts = retry.retry_at <= now && free_slots > 0;
    if (retry.starts) --free_slots;
  }
  const auto kept = std::partition(
      pending_retries_.begin(), pending_retries_.end(),
      [now](const PendingRetry& retry) { return !retry.starts && retry.renew_at > now; });
  std::vector<PendingRetry> taken(std::make_move_iterator(kept),
                                  std::make_move_iterator(pending_retries_.end()));
  pending_retries_.erase(kept, pending_retries_.end());
  return taken;
}

Task<void> WorkflowDispatcher::RenewPendingRetries(const Push& push) {
  std::vector<PendingRetry> all = TakeDueRetries(absl::Now(), push.max_concurrent);
  for (auto next = all.begin(); next != all.end();) {
    const auto end = next + std::min<ptrdiff_t>(kMaxRenewals, all.end() - next);
    std::vector<PendingRetry> some(std::make_move_iterator(next), std::make_move_iterator(end));
    co_await Renew(push, std::move(some));
    next = end;
  }
}

Task<void> WorkflowDispatcher::Renew(const Push& push, std::vector<PendingRetry> to_renew) {
  const absl::Time now = absl::Now();
  std::vector<DispatchRenewal> renewals;
  renewals.reserve(to_renew.size());
  for (const PendingRetry& retry : to_renew) {
    DispatchRenewal& renewal = renewals.emplace_back();
    renewal.claimed = {retry.job.id, LeaseToken(retry.job)};
    if (retry.stores_first_request) renewal.first_request = retry.job.first_request;
  }
  absl::StatusOr<std::vector<Job>> renewed =
      co_await shared_.store.Renew(std::move(renewals), now + kStoreTime);
  // After an error the retries are dropped here: any replica may claim the jobs after their
  // visibility timeout.
  if (!renewed.ok()) co_return;
  absl::flat_hash_map<std::string, Job> jobs;
  for (Job& job : *renewed) jobs.emplace(job.id, std::move(job));
  for (PendingRetry& retry : to_renew) {
    const auto job = jobs.find(retry.job.id);
    if (job == jobs.end()) continue;  // It has ended or belongs to another replica.
    job->second.first_request = retry.job.first_request;
    retry.job = std::move(job->second);
    retry.stores_first_request = false;
    retry.renew_at = now + push.VisibilityTimeout() / 2;
    if (retry.starts) {
      BeginAttempt(push, std::move(retry.job), now);
    } else {
      absl::MutexLock lock(&mutex_);
      pending_retries_.push_back(std::move(retry));
    }
  }
}

Task<void> WorkflowDispatcher::ClaimNew(const Push& push) {
  const int free_slots = FreeSlots(push);
  {
    absl::MutexLock lock(&mutex_);
    if (free_slots == 0 || pending_retries_.size() >= kMaxPendingRetries) co_return;
  }
  const absl::Time now = absl::Now();
  absl::StatusOr<std::vector<Job>> jobs = co_await shared_.store.Claim(
      workflow_id_, free_slots, shared_.workflows()->MaxProcessing(workflow_id_),
      push.VisibilityTimeout(), now + kStoreTime);
  if (!jobs.ok()) co_return;
  for (Job& job : *jobs) BeginAttempt(push, std::move(job), now);
}

void WorkflowDispatcher::BeginAttempt(const Push& push, Job job, absl::Time claimed_at) {
  if (TakeSlot(push)) {
    shared_.tasks.Go(Attempt(std::move(job), claimed_at));
    return;
  }
  // During the claim, the circuit opened, or a reload of the configuration took the slots away.
  KeepUnsent(push, std::move(job), claimed_at);
}

void WorkflowDispatcher::ReleaseSlot() {
  {
    absl::MutexLock lock(&mutex_);
    --under_way_;
  }
  WakeUp();
}

Task<void> WorkflowDispatcher::Attempt(Job job, absl::Time claimed_at) {
  const WorkflowSetPtr workflows = shared_.workflows();
  const Push* push = workflows->FindPush(workflow_id_);
  if (push != nullptr) {
    const JobPtr full = co_await ReadClaimed(job);
    const absl::Time now = absl::Now();
    // A slow database leaves less time for the request. A request with less than half of its
    // timeout would fail although the target works.
    const absl::Time end = std::min(now, claimed_at + kMaxPostDelay) + push->timeout;
    if (full != nullptr && end - now >= push->timeout / 2) {
      job.first_request = full->first_request;
      const DispatchOutcome outcome = co_await shared_.sender.Post(*push, *full, end);
      co_await HandleOutcome(*push, job, claimed_at, outcome);
    } else if (full != nullptr) {
      Log(LogLevel::kWarning, "dispatch_postponed",
          {{"job_id", job.id},
           {"workflow_id", workflow_id_},
           {"late_ms", absl::ToInt64Milliseconds(now - claimed_at)}});
      KeepUnsent(*push, std::move(job), claimed_at);
    }
  }
  ReleaseSlot();
}

Task<JobPtr> WorkflowDispatcher::ReadClaimed(const Job& job) {
  JobKey key{job.id, true};
  key.with_input = true;
  const absl::StatusOr<JobPtr> read =
      co_await shared_.read_store.Get(std::move(key), absl::Now() + kStoreTime);
  // Any replica claims the job again after its visibility timeout.
  if (!read.ok()) {
    Log(LogLevel::kWarning, "dispatch_not_read",
        {{"job_id", job.id},
         {"workflow_id", workflow_id_},
         {"code", absl::StatusCodeToString(read.status().code())}});
  }
  const bool is_ours = read.ok() && *read != nullptr && (*read)->updated_at == job.updated_at;
  co_return is_ours ? *read : nullptr;
}

void WorkflowDispatcher::RecordInCircuitBreaker(const DispatchOutcome& outcome) {
  absl::MutexLock lock(&mutex_);
  if (outcome.kind == Kind::kRetry) {
    circuit_breaker_.RecordFailure(absl::Now(), outcome.retry_after);
  } else if (outcome.kind != Kind::kAbandoned) {
    circuit_breaker_.RecordSuccess();
  }
}

Task<void> WorkflowDispatcher::HandleOutcome(const Push& push, const Job& job,
                                             absl::Time claimed_at,
                                             const DispatchOutcome& outcome) {
  RecordInCircuitBreaker(outcome);
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
      if (!KeepForRetry(push, job, claimed_at, outcome)) {
        co_await Store(job, JobStatus::kFailed, outcome.result);
      }
      break;
    case Kind::kAbandoned:
      break;
  }
}

bool WorkflowDispatcher::KeepForRetry(const Push& push, Job job, absl::Time claimed_at,
                                      const DispatchOutcome& outcome) {
  const absl::Time now = absl::Now();
  const bool is_first = !job.first_request.has_value();
  if (is_first) job.first_request = job.updated_at;
  // The time from the first request to the claim. It comes from the database's clock only, because
  // the replicas' clocks differ.
  const absl::Duration age = std::max(job.updated_at - *job.first_request, absl::ZeroDuration());
  const absl::Time give_up_at = claimed_at + push.dispatch_timeout - age;
  if (give_up_at <= now) return false;
  const absl::Duration delay =
      kRetryPolicy.DelayAtAge(age + (now - claimed_at), outcome.retry_after);
  PendingRetry retry;
  retry.job = std::move(job);
  retry.retry_at = now + delay;
  retry.renew_at = claimed_at + push.VisibilityTimeout() / 2;
  retry.give_up_at = give_up_at;
  retry.error = outcome.result;
  retry.stores_first_request = is_first;
  absl::MutexLock lock(&mutex_);
  if (!stopping_) pending_retries_.push_back(std::move(retry));
  return true;
}

void WorkflowDispatcher::KeepUnsent(const Push& push, Job job, absl::Time claimed_at) {
  PendingRetry retry;
  retry.job = std::move(job);
  retry.retry_at = absl::Now() + kUnsentDelay;
  retry.renew_at = claimed_at + push.VisibilityTimeout() / 2;
  // Until the next request fails, the job does not fail.
  retry.give_up_at = absl::InfiniteFuture();
  absl::MutexLock lock(&mutex_);
  if (!stopping_) pending_retries_.push_back(std::move(retry));
}

Task<void> WorkflowDispatcher::Store(const Job& job, JobStatus status,
                                     std::optional<std::string> result) {
  const Lease lease{job.id, LeaseToken(job)};
  absl::StatusOr<bool> stored =
      co_await shared_.store.Settle(lease, status, std::move(result), absl::Now() + kStoreTime);
  if (absl::IsInvalidArgument(stored.status())) {
    // The JSON check accepts some JSON that the database cannot store.
    std::string error = ErrorObject(
        "RESPONSE_INVALID", "the workflow's response is JSON that the database cannot store", "");
    stored = co_await shared_.store.Settle(lease, JobStatus::kFailed, std::move(error),
                                           absl::Now() + kStoreTime);
  }
  LogIfNotStored(job, stored.status());
}

void WorkflowDispatcher::LogIfNotStored(const Job& job, const absl::Status& stored) {
  if (stored.ok()) return;
  Log(LogLevel::kWarning, "dispatch_not_stored",
      {{"job_id", job.id}, {"code", absl::StatusCodeToString(stored.code())}});
}

bool WorkflowDispatcher::TakeSlot(const Push& push) {
  absl::MutexLock lock(&mutex_);
  if (stopping_ || circuit_breaker_.FreeSlots(absl::Now(), under_way_, push.max_concurrent) == 0) {
    return false;
  }
  ++under_way_;
  return true;
}

}  // namespace vibestack::job_service
