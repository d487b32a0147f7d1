#include "job_service/store/change_store.h"

#include <functional>
#include <map>
#include <utility>

#include "job_service/store/rows.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {
namespace {

constexpr int kPageSize = 5'000;  // The number of jobs of each status.
constexpr size_t kMaxChanges = 100'000;
constexpr char kLowestId[] = "00000000-0000-0000-0000-000000000000";

// The last job that was read of each status.
using Positions = std::map<std::string, RecentChanges::Version>;

db::Params PageParams(const Positions& positions) {
  db::ArrayBuilder statuses;
  db::ArrayBuilder times;
  db::ArrayBuilder ids;
  for (const auto& [status, position] : positions) {
    statuses.Add(status);
    times.Add(db::FormatTimestamp(position.updated_at));
    ids.Add(position.id);
  }
  db::Params params;
  params.Add(statuses.Finish()).Add(times.Finish()).Add(ids.Finish()).Add(int64_t{kPageSize});
  return params;
}

// Reads one page of each status and advances the positions. Removes the positions of the statuses
// that have no further page.
absl::Status ReadPage(db::Session& session, Positions& positions, RecentChanges& changes) {
  const auto rows = session.Exec(sql::kChangedJobs, PageParams(positions));
  if (!rows.ok()) return rows.status();
  std::map<std::string, int> sizes;
  for (const pqxx::row& row : *rows) {
    changes.jobs.push_back({row[1].c_str(), ReadTime(row[2])});
    positions[row[0].c_str()] = changes.jobs.back();
    ++sizes[row[0].c_str()];
  }
  std::erase_if(positions, [&sizes](const auto& at) { return sizes[at.first] < kPageSize; });
  return absl::OkStatus();
}

absl::StatusOr<RecentChanges> FindChangedJobs(db::Session& session, absl::Time since) {
  const auto now = session.Exec(sql::kDatabaseTime);
  if (!now.ok()) return now.status();
  RecentChanges changes;
  changes.now = ReadTime((*now)[0][0]);
  if (since > changes.now) return changes;
  Positions positions;
  for (const JobStatus status :
       {JobStatus::kPending, JobStatus::kProcessing, JobStatus::kCompleted, JobStatus::kFailed}) {
    positions[JobStatusName(status)] = {kLowestId, since};
  }
  while (!positions.empty()) {
    const absl::Status read = ReadPage(session, positions, changes);
    if (!read.ok()) return read;
    changes.complete = positions.empty();
    if (changes.jobs.size() > kMaxChanges) break;
  }
  return changes;
}

}  // namespace

Task<absl::Status> ChangeStore::SendNotify(std::vector<std::string> payloads, absl::Time deadline) {
  std::function<absl::StatusOr<bool>(db::Session&)> work =
      [&payloads](db::Session& session) -> absl::StatusOr<bool> {
    db::Params params;
    params.Add(db::EncodeArray(payloads));
    const absl::Status status = session.Exec(sql::kNotify, params).status();
    if (!status.ok()) return status;
    return true;
  };
  const absl::StatusOr<bool> sent =
      co_await pool_.Run<bool>(deadline, db::Repeat::kSafe, std::move(work));
  co_return sent.status();
}

Task<absl::StatusOr<RecentChanges>> ChangeStore::FindChanged(absl::Time since,
                                                             absl::Time deadline) {
  std::function<absl::StatusOr<RecentChanges>(db::Session&)> work = [since](db::Session& session) {
    return FindChangedJobs(session, since);
  };
  co_return co_await pool_.Run<RecentChanges>(deadline, db::Repeat::kSafe, std::move(work));
}

}  // namespace vibestack::job_service
