// The calls of JobStore that claim. Those of the same workflows that come at once are one claim:
// apart they would all choose the same jobs, and all but one would have to choose again.
#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/telemetry/log.h"
#include "job_service/store/job_store.h"

namespace vibestack::job_service {
namespace {

constexpr absl::Duration kHandBackTime = absl::Seconds(5);

absl::Status LateError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                   "the deadline passed while jobs were claimed");
}

}  // namespace

Task<absl::StatusOr<JobStore::Jobs>> JobStore::Claim(ClaimRequest claim, absl::Time deadline) {
  return claims_.Submit(std::move(claim), deadline);
}

Task<absl::StatusOr<JobStore::ClaimBatches::Answers>> JobStore::ClaimBatch(
    const std::vector<ClaimCall>& calls, absl::Time deadline) {
  ClaimRequest all = calls.front().claim;
  int most = all.limit;
  for (size_t i = 1; i < calls.size(); ++i) {
    all.limit += calls[i].claim.limit;
    most = std::max(most, calls[i].claim.limit);
  }
  const bool by_age = cursor_.NextGoesByAge(most);
  absl::StatusOr<Jobs> jobs = co_await ClaimTogether(all, by_age, deadline);
  if (!jobs.ok()) co_return jobs.status();
  // Who came first is served first, with the oldest ones. Who cannot be answered in time any more
  // gets none.
  ClaimBatches::Answers answers;
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
  Jobs left(next, end);
  if (!left.empty()) co_await HandBack(std::move(left));
  co_return answers;
}

Task<absl::StatusOr<JobStore::Jobs>> JobStore::ClaimTogether(const ClaimRequest& claim, bool by_age,
                                                             absl::Time deadline) {
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [this, &claim,
                                                            by_age](db::Session& session) {
    return by_age ? ClaimOldest(session, claim.workflow_ids, claim.limit)
                  : ClaimRoundRobin(session, claim);
  };
  // Never repeated: jobs whose claim got lost with the connection come back by the sweep.
  absl::StatusOr<Jobs> jobs =
      co_await pool_.Run<Jobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!jobs.ok()) co_return jobs;
  counts_.Claimed(jobs->size());
  JobChanges changes;
  changes.changed.reserve(jobs->size());
  for (const Job& job : *jobs) changes.changed.push_back(job.id);
  Publish(std::move(changes));
  std::sort(jobs->begin(), jobs->end(), [](const Job& a, const Job& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  co_return jobs;
}

absl::StatusOr<JobStore::Jobs> JobStore::ClaimRoundRobin(db::Session& session,
                                                         const ClaimRequest& claim) {
  const int workflows = static_cast<int>(claim.workflow_ids.size());
  const int users = (claim.limit + workflows - 1) / workflows;
  std::vector<RoundRobinPosition> turns = cursor_.Get(claim.workflow_ids);
  absl::StatusOr<Jobs> jobs = ClaimFairly(session, turns, users, claim.limit);
  if (!jobs.ok()) return jobs;
  cursor_.Put(turns);
  const int missing = claim.limit - static_cast<int>(jobs->size());
  if (missing == 0) return jobs;
  // Some user had less than a fair share, or another claim was quicker.
  absl::StatusOr<Jobs> more = ClaimOldest(session, claim.workflow_ids, missing);
  // What was claimed is claimed: it is handed out even if the second statement failed.
  if (!more.ok()) return jobs->empty() ? more : jobs;
  std::move(more->begin(), more->end(), std::back_inserter(*jobs));
  return jobs;
}

Task<void> JobStore::HandBack(Jobs jobs) {
  std::vector<Lease> leases;
  leases.reserve(jobs.size());
  for (const Job& job : jobs) leases.push_back({job.id, LeaseToken(job)});
  const auto released = co_await Release(std::move(leases), absl::Now() + kHandBackTime);
  if (!released.ok()) {
    Log(LogLevel::kWarning, "claimed_jobs_not_handed_back",
        {{"jobs", static_cast<int64_t>(jobs.size())},
         {"code", absl::StatusCodeToString(released.status().code())}});
  }
}

}  // namespace vibestack::job_service
