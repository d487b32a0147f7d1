#include "job_service/store/claim_store.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/telemetry/log.h"
#include "common/telemetry/measured_batches.h"

namespace vibestack::job_service {
namespace {

using Jobs = std::vector<Job>;

// Workers choose the workflows, so the number of idle queues is bounded.
constexpr size_t kMaxIdleQueues = 1'000;

constexpr absl::Duration kReleaseTimeout = absl::Seconds(5);

absl::Status LateError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                   "the deadline passed while jobs were claimed");
}

// One batch at a time for each set of workflows: two at once would choose the same jobs.
CoalescerOptions ClaimOptions(const StoreContext& context) {
  CoalescerOptions options =
      MeasuredBatches(context.options.batches, "claim_jobs", context.metrics);
  options.max_batch = 1'000;
  options.max_in_flight = 1;
  return options;
}

}  // namespace

ClaimStore::ClaimStore(StoreContext& context, LeaseStore& leases)
    : context_(context),
      leases_(leases),
      batch_options_(ClaimOptions(context)),
      queue_metric_(RegisterQueueMetric(context.metrics, "claim_jobs", *this)) {}

Task<absl::StatusOr<Jobs>> ClaimStore::Claim(ClaimRequest claim, absl::Time deadline) {
  std::sort(claim.workflow_ids.begin(), claim.workflow_ids.end());
  const std::shared_ptr<Batches> queue = QueueOf(claim.workflow_ids);
  Call call{std::move(claim), deadline};
  co_return co_await queue->Submit(std::move(call), deadline);
}

std::shared_ptr<ClaimStore::Batches> ClaimStore::QueueOf(
    const std::vector<std::string>& workflow_ids) {
  absl::MutexLock lock(&mutex_);
  if (queues_.size() >= kMaxIdleQueues) DropIdleQueues();
  std::shared_ptr<Batches>& queue = queues_[workflow_ids];
  if (queue == nullptr) {
    queue = std::make_shared<Batches>(
        batch_options_,
        [this](const auto& calls, absl::Time deadline) { return ClaimBatch(calls, deadline); },
        [](const Call& call) { return static_cast<size_t>(call.claim.limit); });
    if (closed_) queue->Close();
  }
  return queue;
}

// Nobody can submit to a queue that only the map holds.
void ClaimStore::DropIdleQueues() {
  absl::erase_if(queues_, [](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->idle();
  });
}

void ClaimStore::Close() {
  std::vector<std::shared_ptr<Batches>> queues;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    queues.reserve(queues_.size());
    for (const auto& [workflow_ids, queue] : queues_) queues.push_back(queue);
  }
  for (const std::shared_ptr<Batches>& queue : queues) queue->Close();
}

size_t ClaimStore::queued() const {
  absl::MutexLock lock(&mutex_);
  size_t queued = 0;
  for (const auto& [workflow_ids, queue] : queues_) queued += queue->queued();
  return queued;
}

Task<absl::StatusOr<ClaimStore::Batches::Answers>> ClaimStore::ClaimBatch(
    const std::vector<Call>& calls, absl::Time deadline) {
  ClaimRequest all = calls.front().claim;
  int largest = all.limit;
  for (size_t i = 1; i < calls.size(); ++i) {
    all.limit += calls[i].claim.limit;
    largest = std::max(largest, calls[i].claim.limit);
  }
  const bool by_age = cursor_.TakeTurnByAge(largest);
  absl::StatusOr<Jobs> jobs = co_await ClaimTogether(all, by_age, deadline);
  if (!jobs.ok()) co_return jobs.status();
  // Distributes the jobs: the first caller gets the oldest ones. A caller whose deadline has passed
  // gets none.
  Batches::Answers answers;
  answers.reserve(calls.size());
  const absl::Time now = absl::Now();
  auto next = std::make_move_iterator(jobs->begin());
  const auto end = std::make_move_iterator(jobs->end());
  for (const Call& call : calls) {
    if (call.deadline <= now) {
      answers.emplace_back(LateError());
      continue;
    }
    const auto count = std::min<ptrdiff_t>(call.claim.limit, end - next);
    answers.emplace_back(Jobs(next, next + count));
    next += count;
  }
  Jobs undelivered(next, end);
  if (!undelivered.empty()) co_await ReleaseUndelivered(std::move(undelivered));
  co_return answers;
}

Task<absl::StatusOr<Jobs>> ClaimStore::ClaimTogether(const ClaimRequest& claim, bool by_age,
                                                     absl::Time deadline) {
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [this, &claim,
                                                            by_age](db::Session& session) {
    return by_age ? ClaimOldest(session, claim) : ClaimFairlyThenOldest(session, cursor_, claim);
  };
  // Not repeated: if the connection breaks, the sweep makes the claimed jobs pending again.
  absl::StatusOr<Jobs> jobs =
      co_await context_.pool.Run<Jobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!jobs.ok()) co_return jobs;
  context_.job_metrics.RecordClaim(jobs->size());
  JobChanges changes;
  changes.changed.reserve(jobs->size());
  for (const Job& job : *jobs) changes.changed.push_back(job.id);
  context_.Publish(std::move(changes));
  std::sort(jobs->begin(), jobs->end(), [](const Job& a, const Job& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  co_return jobs;
}

Task<void> ClaimStore::ReleaseUndelivered(Jobs jobs) {
  std::vector<Lease> leases;
  leases.reserve(jobs.size());
  for (const Job& job : jobs) leases.push_back({job.id, LeaseToken(job)});
  const auto released = co_await leases_.Release(std::move(leases), absl::Now() + kReleaseTimeout);
  if (!released.ok()) {
    Log(LogLevel::kWarning, "claimed_jobs_not_released",
        {{"jobs", static_cast<int64_t>(jobs.size())},
         {"code", absl::StatusCodeToString(released.status().code())}});
  }
}

}  // namespace vibestack::job_service
