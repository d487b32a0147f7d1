#include "job_service/store/fair_claims.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "job_service/store/refused_jobs.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

using Jobs = std::vector<Job>;

// Workers choose the workflow names, so the map is bounded. Beyond the bound every workflow starts
// again.
constexpr size_t kMaxWorkflows = 10'000;

// Sorts before every user.
constexpr char kBeforeAllUsers[] = "00000000-0000-0000-0000-000000000000";

Job ReadClaimed(const pqxx::row& row) {
  Job job = ReadJob(row);
  job.payload_bytes = row[7].as<int64_t>();
  return job;
}

db::Params FairParams(const std::vector<RoundRobinPosition>& positions, int users,
                      const ClaimRequest& claim) {
  db::ArrayBuilder workflows;
  db::ArrayBuilder after;
  for (const RoundRobinPosition& position : positions) {
    workflows.Add(position.workflow_id);
    after.Add(position.after_user_id.empty() ? kBeforeAllUsers : position.after_user_id);
  }
  db::Params params;
  params.Add(workflows.Finish()).Add(after.Finish()).Add(int64_t{users}).Add(int64_t{claim.limit});
  params.Add(claim.max_bytes).Add(claim.refused);
  return params;
}

db::Params OldestParams(const ClaimRequest& claim) {
  db::Params params;
  params.Add(db::EncodeArray(claim.workflow_ids)).Add(int64_t{claim.limit}).Add(claim.max_bytes);
  params.Add(claim.refused);
  return params;
}

// How many users of each workflow a claim visits.
int UsersPerWorkflow(const ClaimRequest& claim) {
  const int workflows = static_cast<int>(claim.workflow_ids.size());
  return (claim.limit + workflows - 1) / workflows;
}

// Claims ready jobs, round robin over at most `users` users of each workflow. Advances the
// positions; a position that reached the last user starts again.
absl::StatusOr<Jobs> ClaimFairly(db::Session& session, std::vector<RoundRobinPosition>& positions,
                                 int users, const ClaimRequest& claim) {
  const absl::StatusOr<pqxx::result> rows =
      session.Exec(sql::kClaimFairly, FairParams(positions, users, claim));
  if (!rows.ok()) return rows.status();
  Jobs jobs;
  for (RoundRobinPosition& position : positions) position.after_user_id.clear();
  for (const pqxx::row& row : *rows) {
    // A row without an id is the new position of a workflow.
    if (!row[0].is_null()) {
      jobs.push_back(ReadClaimed(row));
      continue;
    }
    for (RoundRobinPosition& position : positions) {
      if (position.workflow_id == row[2].c_str()) position.after_user_id = row[1].c_str();
    }
  }
  return jobs;
}

}  // namespace

bool RoundRobinCursor::TakeTurnByAge(int limit) {
  if (limit > 1) return false;
  absl::MutexLock lock(&mutex_);
  by_age_ = !by_age_;
  return by_age_;
}

std::vector<RoundRobinPosition> RoundRobinCursor::Get(
    const std::vector<std::string>& workflow_ids) const {
  std::vector<RoundRobinPosition> positions;
  positions.reserve(workflow_ids.size());
  absl::MutexLock lock(&mutex_);
  for (const std::string& workflow_id : workflow_ids) {
    const auto it = after_.find(workflow_id);
    positions.push_back({workflow_id, it == after_.end() ? "" : it->second});
  }
  return positions;
}

void RoundRobinCursor::Put(const std::vector<RoundRobinPosition>& positions) {
  absl::MutexLock lock(&mutex_);
  if (after_.size() > kMaxWorkflows) after_.clear();
  for (const RoundRobinPosition& position : positions) {
    if (position.after_user_id.empty()) {
      after_.erase(position.workflow_id);
    } else {
      after_[position.workflow_id] = position.after_user_id;
    }
  }
}

absl::StatusOr<Jobs> ClaimOldest(db::Session& session, const ClaimRequest& claim) {
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kClaimOldest, OldestParams(claim));
  if (!rows.ok()) return rows.status();
  Jobs jobs;
  jobs.reserve(rows->size());
  for (const pqxx::row& row : *rows) jobs.push_back(ReadClaimed(row));
  return jobs;
}

absl::StatusOr<Jobs> ClaimFairlyThenOldest(db::Session& session, RoundRobinCursor& cursor,
                                           const ClaimRequest& claim, bool in_transaction) {
  std::vector<RoundRobinPosition> positions = cursor.Get(claim.workflow_ids);
  absl::StatusOr<Jobs> jobs = ClaimFairly(session, positions, UsersPerWorkflow(claim), claim);
  if (!jobs.ok()) return jobs;
  cursor.Put(positions);
  ClaimRequest rest = claim;
  // Jobs with oversized payloads are not claimed.
  for (const Job& job : *jobs) rest.limit -= job.status == JobStatus::kProcessing ? 1 : 0;
  for (const Job& job : *jobs) rest.max_bytes -= job.payload_bytes;
  if (rest.limit == 0 || rest.max_bytes <= 0) return jobs;
  // A user had fewer jobs than a fair share, or another claim took some of them first.
  absl::StatusOr<Jobs> more = ClaimOldest(session, rest);
  // The first statement has claimed its jobs, so they are returned even if the second one failed.
  // In a transaction, the failure undoes both.
  if (!more.ok()) return jobs->empty() || in_transaction ? more : jobs;
  std::move(more->begin(), more->end(), std::back_inserter(*jobs));
  return jobs;
}

absl::StatusOr<Jobs> ClaimFirst(db::Session& session, RoundRobinCursor& cursor,
                                const ClaimRequest& claim, bool by_age, std::string& first) {
  if (!by_age) {
    std::vector<RoundRobinPosition> positions = cursor.Get(claim.workflow_ids);
    const int users = UsersPerWorkflow(claim);
    absl::StatusOr<std::string> id =
        FindFirst(session, sql::kFindFair, FairParams(positions, users, claim));
    if (!id.ok()) return id.status();
    first = *std::move(id);
    if (!first.empty()) {
      absl::StatusOr<Jobs> jobs = ClaimFairly(session, positions, users, claim);
      if (jobs.ok()) cursor.Put(positions);
      return jobs;
    }
  }
  absl::StatusOr<std::string> id = FindFirst(session, sql::kFindOldest, OldestParams(claim));
  if (!id.ok()) return id.status();
  first = *std::move(id);
  return first.empty() ? absl::StatusOr<Jobs>(Jobs()) : ClaimOldest(session, claim);
}

absl::StatusOr<int> LockAndCountPlaces(db::Session& session, const std::string& workflow_id,
                                       int max_processing, absl::Duration visibility_timeout) {
  db::Params lock;
  lock.Add(workflow_id);
  const absl::StatusOr<pqxx::result> locked = session.Exec(sql::kLockWorkflow, lock);
  if (!locked.ok()) return locked.status();
  db::Params params;
  params.Add(workflow_id).Add(int64_t{max_processing});
  params.Add(absl::ToInt64Microseconds(visibility_timeout));
  const absl::StatusOr<pqxx::result> count = session.Exec(sql::kCountProcessing, params);
  if (!count.ok()) return count.status();
  return std::max(max_processing - (*count)[0][0].as<int>(), 0);
}

}  // namespace vibestack::job_service
