// The calls of JobStore that claim: those that come at once and name the same workflows share a
// statement. Apart they would all choose the same jobs, and all but one would go without.
#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/async/gather.h"
#include "job_service/store/job_store.h"

namespace vibestack::job_service {
namespace {

// Calls of a batch, by their places in it, as one claim.
struct SharedClaim {
  ClaimRequest claim;
  std::vector<size_t> calls;
};

std::vector<SharedClaim> ShareClaims(const std::vector<ClaimRequest>& calls) {
  std::vector<SharedClaim> shared;
  absl::flat_hash_map<std::vector<std::string>, size_t> places;
  for (size_t i = 0; i < calls.size(); ++i) {
    std::vector<std::string> workflow_ids = calls[i].workflow_ids;
    std::sort(workflow_ids.begin(), workflow_ids.end());
    const auto [place, is_new] = places.try_emplace(workflow_ids, shared.size());
    if (is_new) shared.push_back({{std::move(workflow_ids), 0}, {}});
    SharedClaim& same = shared[place->second];
    same.claim.limit += calls[i].limit;
    same.calls.push_back(i);
  }
  return shared;
}

}  // namespace

Task<absl::StatusOr<JobStore::Jobs>> JobStore::Claim(ClaimRequest claim, absl::Time deadline) {
  co_return co_await claims_.Submit(std::move(claim), deadline);
}

Task<absl::StatusOr<JobStore::ClaimBatches::Answers>> JobStore::ClaimBatch(
    const std::vector<ClaimRequest>& calls, absl::Time deadline) {
  const std::vector<SharedClaim> shared = ShareClaims(calls);
  std::vector<Task<absl::StatusOr<Jobs>>> tasks;
  tasks.reserve(shared.size());
  for (const SharedClaim& same : shared) tasks.push_back(ClaimTogether(same.claim, deadline));
  std::vector<absl::StatusOr<Jobs>> outcomes = co_await Gather(std::move(tasks));
  ClaimBatches::Answers answers(calls.size(), Jobs{});
  for (size_t i = 0; i < shared.size(); ++i) {
    if (!outcomes[i].ok()) {
      for (const size_t call : shared[i].calls) answers[call] = outcomes[i].status();
      continue;
    }
    // Who came first is served first, with the oldest ones.
    auto next = std::make_move_iterator(outcomes[i]->begin());
    const auto end = std::make_move_iterator(outcomes[i]->end());
    for (const size_t call : shared[i].calls) {
      const auto count = std::min<ptrdiff_t>(calls[call].limit, end - next);
      answers[call] = Jobs(next, next + count);
      next += count;
    }
  }
  co_return answers;
}

Task<absl::StatusOr<JobStore::Jobs>> JobStore::ClaimTogether(const ClaimRequest& claim,
                                                             absl::Time deadline) {
  std::function<absl::StatusOr<Jobs>(db::Session&)> work = [this, &claim](db::Session& session) {
    return ClaimNow(session, claim);
  };
  // Never repeated: jobs whose claim got lost with the connection come back by the sweep.
  absl::StatusOr<Jobs> jobs =
      co_await pool_.Run<Jobs>(deadline, db::Repeat::kNever, std::move(work));
  if (!jobs.ok()) co_return jobs;
  counts_.Claimed(jobs->size());
  JobNews news;
  news.changed.reserve(jobs->size());
  for (const Job& job : *jobs) news.changed.push_back(job.id);
  Tell(std::move(news));
  std::sort(jobs->begin(), jobs->end(), [](const Job& a, const Job& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  co_return jobs;
}

absl::StatusOr<JobStore::Jobs> JobStore::ClaimNow(db::Session& session, const ClaimRequest& claim) {
  if (turns_.NextGoesByAge(claim.limit)) {
    return ClaimOldest(session, claim.workflow_ids, claim.limit);
  }
  const int workflows = static_cast<int>(claim.workflow_ids.size());
  const int users = (claim.limit + workflows - 1) / workflows;
  std::vector<Turn> turns = turns_.Get(claim.workflow_ids);
  absl::StatusOr<Jobs> jobs = ClaimFairly(session, turns, users, claim.limit);
  if (!jobs.ok()) return jobs;
  turns_.Put(turns);
  const int missing = claim.limit - static_cast<int>(jobs->size());
  if (missing == 0) return jobs;
  // Some user had less than a fair share, or another claim was quicker.
  absl::StatusOr<Jobs> more = ClaimOldest(session, claim.workflow_ids, missing);
  // What was claimed is claimed: it is handed out even if the second statement failed.
  if (!more.ok()) return jobs->empty() ? more : jobs;
  std::move(more->begin(), more->end(), std::back_inserter(*jobs));
  return jobs;
}

}  // namespace vibestack::job_service
