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
#include "job_service/store/sweep.h"

namespace vibestack::job_service {
namespace {

using Jobs = std::vector<Job>;

// Workers choose the workflows, so the number of idle queues is bounded.
constexpr size_t kMaxIdleQueues = 1'000;

constexpr absl::Duration kReleaseTimeout = absl::Seconds(5);

// The time for one read, and for all, if the inputs of a claim are read one by one.
constexpr absl::Duration kReadOneTime = absl::Seconds(1);
constexpr absl::Duration kReadOneByOneTime = absl::Seconds(5);

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
    all.max_bytes += calls[i].claim.max_bytes;
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
  for (absl::StatusOr<Jobs>& answer : answers) {
    if (answer.ok()) co_await ReadInputs(answer, undelivered, deadline);
  }
  if (!undelivered.empty()) co_await ReleaseUndelivered(std::move(undelivered));
  co_return answers;
}

absl::StatusOr<Jobs> ClaimStore::ClaimOnce(db::Session& session, ClaimRequest request,
                                           int max_processing, bool by_age, std::string* first) {
  const auto claim = [&](bool in_transaction) -> absl::StatusOr<Jobs> {
    if (first != nullptr) return ClaimFirst(session, cursor_, request, by_age, *first);
    if (by_age) return ClaimOldest(session, request);
    return ClaimFairlyThenOldest(session, cursor_, request, in_transaction);
  };
  if (max_processing == 0 && first == nullptr) return claim(/*in_transaction=*/false);
  absl::StatusOr<Jobs> jobs;
  const absl::Status status = session.Transact([&]() -> absl::Status {
    if (max_processing > 0) {
      const absl::StatusOr<int> places = LockAndCountPlaces(session, request.workflow_ids.front(),
                                                            max_processing, absl::ZeroDuration());
      if (!places.ok()) return places.status();
      request.limit = std::min(request.limit, *places);
    }
    jobs = request.limit == 0 ? Jobs() : claim(/*in_transaction=*/true);
    return jobs.status();
  });
  if (!status.ok()) return status;
  return jobs;
}

absl::StatusOr<Jobs> ClaimStore::ClaimGroup(db::Session& session, const ClaimRequest& claim,
                                            int max_processing, bool by_age) {
  Jobs all;
  const absl::Status status = WriteAroundRefused(
      context_.refused, "claim_jobs", claim.limit,
      [&](int most, std::string* first) -> absl::StatusOr<int> {
        ClaimRequest part{claim.workflow_ids, most, claim.max_bytes, context_.refused.AsArray()};
        for (const Job& job : all) part.max_bytes -= job.payload_bytes;
        if (part.max_bytes <= 0) return 0;
        absl::StatusOr<Jobs> jobs =
            ClaimOnce(session, std::move(part), max_processing, by_age, first);
        if (!jobs.ok()) return jobs.status();
        std::move(jobs->begin(), jobs->end(), std::back_inserter(all));
        return static_cast<int>(jobs->size());
      });
  // The jobs that are claimed already are returned even if a later statement failed.
  if (!status.ok() && all.empty()) return status;
  return all;
}

absl::StatusOr<Jobs> ClaimStore::ClaimWithin(db::Session& session, const ClaimRequest& claim,
                                             const WorkflowSet& workflows, bool by_age) {
  // The workflows that are claimed together: all that have no bound, and each one with a bound.
  std::vector<std::vector<std::string>> groups(1);
  for (const std::string& id : claim.workflow_ids) {
    if (workflows.MaxProcessing(id) > 0) {
      groups.push_back({id});
    } else {
      groups.front().push_back(id);
    }
  }
  if (groups.front().empty()) groups.erase(groups.begin());
  if (groups.size() == 1 && workflows.MaxProcessing(groups.front().front()) == 0) {
    return ClaimGroup(session, claim, /*max_processing=*/0, by_age);
  }
  // Each claim begins with another group, so that no group always gets what the others leave.
  const size_t first = next_group_.fetch_add(1, std::memory_order_relaxed);
  Jobs all;
  for (size_t i = 0; i < groups.size(); ++i) {
    ClaimRequest request{groups[(first + i) % groups.size()],
                         claim.limit - static_cast<int>(all.size()), claim.max_bytes};
    for (const Job& job : all) request.max_bytes -= job.payload_bytes;
    if (request.limit <= 0 || request.max_bytes <= 0) break;
    const int max_processing = workflows.MaxProcessing(request.workflow_ids.front());
    absl::StatusOr<Jobs> jobs = ClaimGroup(session, request, max_processing, by_age);
    // The jobs that are claimed already are returned even if a later statement failed.
    if (!jobs.ok()) return all.empty() ? jobs : all;
    std::move(jobs->begin(), jobs->end(), std::back_inserter(all));
  }
  return all;
}

Task<absl::StatusOr<Jobs>> ClaimStore::ClaimTogether(const ClaimRequest& claim, bool by_age,
                                                     absl::Time deadline) {
  const WorkflowSetPtr workflows = context_.options.workflows();
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [&](db::Session& session) {
    return ClaimWithin(session, claim, *workflows, by_age);
  };
  // Not repeated: if the connection breaks, the sweep makes the claimed jobs pending again.
  absl::StatusOr<Jobs> jobs =
      co_await context_.pool.Run<Jobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!jobs.ok()) co_return jobs;
  const int oversized = DropOversized(context_, *jobs);
  // Other jobs may be ready.
  if (oversized > 0 && jobs->empty()) co_return co_await ClaimTogether(claim, by_age, deadline);
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

Task<void> ClaimStore::ReadInputs(absl::StatusOr<Jobs>& answer, Jobs& undelivered,
                                  absl::Time deadline) {
  std::vector<std::string> ids;
  for (const Job& job : *answer) {
    if (job.payload_bytes > 0) ids.push_back(job.id);
  }
  if (ids.empty()) co_return;
  using Rows = std::vector<JobPtr>;
  std::function<absl::StatusOr<Rows>(db::Session&)> work = [&ids](db::Session& session) {
    return GetJobsUpTo(session, ids, /*with_inputs=*/true);
  };
  const absl::StatusOr<Rows> rows =
      co_await context_.pool.Run<Rows>(deadline, db::Repeat::kSafe, std::move(work));
  if (!rows.ok() && absl::IsUnavailable(rows.status())) {
    std::move(answer->begin(), answer->end(), std::back_inserter(undelivered));
    answer = rows.status();
    co_return;
  }
  if (!rows.ok()) {
    co_await ReadInputsOneByOne(*answer, undelivered);
    co_return;
  }
  // The rows are those of the first ids, in order, as many as fit.
  Jobs delivered;
  size_t place = 0;
  for (Job& job : *answer) {
    if (job.payload_bytes == 0) {
      delivered.push_back(std::move(job));
    } else if (place >= rows->size()) {
      undelivered.push_back(std::move(job));
    } else if (const JobPtr& row = (*rows)[place++];
               row != nullptr && row->updated_at == job.updated_at) {
      delivered.push_back(*row);  // Otherwise the job ended or was deleted meanwhile.
    }
  }
  *answer = std::move(delivered);
}

Task<void> ClaimStore::ReadInputsOneByOne(Jobs& jobs, Jobs& undelivered) {
  using Rows = std::vector<JobPtr>;
  const absl::Time end = absl::Now() + kReadOneByOneTime;
  Jobs delivered;
  size_t bytes = 0;
  for (Job& job : jobs) {
    if (job.payload_bytes == 0) {
      delivered.push_back(std::move(job));
      continue;
    }
    if (bytes >= kMaxResultBytes || absl::Now() >= end) {
      undelivered.push_back(std::move(job));
      continue;
    }
    const std::vector<std::string> ids{job.id};
    std::function<absl::StatusOr<Rows>(db::Session&)> work = [&ids](db::Session& session) {
      return GetJobsUpTo(session, ids, /*with_inputs=*/true);
    };
    const absl::StatusOr<Rows> rows = co_await context_.pool.Run<Rows>(
        absl::Now() + kReadOneTime, db::Repeat::kSafe, std::move(work));
    if (!rows.ok()) {
      Log(LogLevel::kWarning, "claimed_job_not_read",
          {{"job_id", job.id},
           {"workflow_id", job.workflow_id},
           {"code", absl::StatusCodeToString(rows.status().code())}});
      continue;
    }
    const JobPtr row = rows->empty() ? nullptr : rows->front();
    if (row == nullptr || row->updated_at != job.updated_at) continue;
    const size_t size = row->input.value_or("").size() + row->result.value_or("").size();
    if (bytes > 0 && bytes + size > kMaxResultBytes) {
      undelivered.push_back(std::move(job));
    } else {
      delivered.push_back(*row);
    }
    bytes += size;
  }
  jobs = std::move(delivered);
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
