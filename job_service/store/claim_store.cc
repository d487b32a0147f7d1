#include "job_service/store/claim_store.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/telemetry/log.h"
#include "common/telemetry/measured_batches.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

using Jobs = std::vector<Job>;

// An id that sorts before every user id.
constexpr char kBeforeAllUsers[] = "00000000-0000-0000-0000-000000000000";
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

// Claims up to `limit` pending jobs of these workflows, oldest first.
absl::StatusOr<Jobs> ClaimOldest(db::Session& session, const std::vector<std::string>& workflow_ids,
                                 int limit) {
  db::Params params;
  params.Add(db::EncodeArray(workflow_ids)).Add(int64_t{limit});
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kClaimOldest, params);
  if (!rows.ok()) return rows.status();
  return ReadJobs(*rows);
}

// Claims up to `limit` pending jobs, round robin over up to `users` users of each workflow.
// Advances the positions; after the last user a position starts again.
absl::StatusOr<Jobs> ClaimFairly(db::Session& session, std::vector<RoundRobinPosition>& positions,
                                 int users, int limit) {
  db::ArrayBuilder workflows;
  db::ArrayBuilder after;
  for (const RoundRobinPosition& position : positions) {
    workflows.Add(position.workflow_id);
    after.Add(position.after_user_id.empty() ? kBeforeAllUsers : position.after_user_id);
  }
  db::Params params;
  params.Add(workflows.Finish()).Add(after.Finish()).Add(int64_t{users}).Add(int64_t{limit});
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kClaimFairly, params);
  if (!rows.ok()) return rows.status();
  Jobs jobs;
  for (RoundRobinPosition& position : positions) position.after_user_id.clear();
  for (const pqxx::row& row : *rows) {
    // A row without an id is the new position of a workflow.
    if (!row[0].is_null()) {
      jobs.push_back(ReadJob(row));
      continue;
    }
    for (RoundRobinPosition& position : positions) {
      if (position.workflow_id == row[2].c_str()) position.after_user_id = row[1].c_str();
    }
  }
  return jobs;
}

}  // namespace

ClaimStore::ClaimStore(StoreContext& context, LeaseStore& leases)
    : context_(context),
      leases_(leases),
      claims_(
          ClaimOptions(context),
          [this](const auto& calls, absl::Time deadline) { return ClaimBatch(calls, deadline); }),
      queue_metric_(RegisterQueueMetric(context.metrics, "claim_jobs", claims_)) {}

Task<absl::StatusOr<Jobs>> ClaimStore::Claim(ClaimRequest claim, absl::Time deadline) {
  return claims_.Submit(std::move(claim), deadline);
}

Task<absl::StatusOr<ClaimStore::Batches::Answers>> ClaimStore::ClaimBatch(
    const std::vector<ClaimCall>& calls, absl::Time deadline) {
  ClaimRequest all = calls.front().claim;
  int largest = all.limit;
  for (size_t i = 1; i < calls.size(); ++i) {
    all.limit += calls[i].claim.limit;
    largest = std::max(largest, calls[i].claim.limit);
  }
  const bool by_age = cursor_.NextGoesByAge(largest);
  absl::StatusOr<Jobs> jobs = co_await ClaimTogether(all, by_age, deadline);
  if (!jobs.ok()) co_return jobs.status();
  // Distributes the jobs: the first caller gets the oldest ones. A caller whose deadline has passed
  // gets none.
  Batches::Answers answers;
  answers.reserve(calls.size());
  const absl::Time now = absl::Now();
  auto next = std::make_move_iterator(jobs->begin());
  const auto end = std::make_move_iterator(jobs->end());
  for (const ClaimCall& call : calls) {
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
    return by_age ? ClaimOldest(session, claim.workflow_ids, claim.limit)
                  : ClaimRoundRobin(session, claim);
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

absl::StatusOr<Jobs> ClaimStore::ClaimRoundRobin(db::Session& session, const ClaimRequest& claim) {
  const int workflows = static_cast<int>(claim.workflow_ids.size());
  const int users = (claim.limit + workflows - 1) / workflows;
  std::vector<RoundRobinPosition> positions = cursor_.Get(claim.workflow_ids);
  absl::StatusOr<Jobs> jobs = ClaimFairly(session, positions, users, claim.limit);
  if (!jobs.ok()) return jobs;
  cursor_.Put(positions);
  const int missing = claim.limit - static_cast<int>(jobs->size());
  if (missing == 0) return jobs;
  // The claim found too few jobs: a user had fewer than a fair share, or another claim took some
  // first. Fill up with the oldest jobs.
  absl::StatusOr<Jobs> more = ClaimOldest(session, claim.workflow_ids, missing);
  // The first statement has claimed its jobs, so return them even if the second one fails.
  if (!more.ok()) return jobs->empty() ? more : jobs;
  std::move(more->begin(), more->end(), std::back_inserter(*jobs));
  return jobs;
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
