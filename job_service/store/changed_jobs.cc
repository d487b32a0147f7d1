#include <map>
#include <utility>

#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

constexpr int kPage = 5'000;  // Of each state.
constexpr size_t kMaxChanges = 100'000;
constexpr char kLowestId[] = "00000000-0000-0000-0000-000000000000";

// Where a look stands, by state.
using Positions = std::map<std::string, RecentChanges::Version>;

db::Params PageParams(const Positions& positions) {
  db::ArrayBuilder states;
  db::ArrayBuilder times;
  db::ArrayBuilder ids;
  for (const auto& [status, position] : positions) {
    states.Add(status);
    times.Add(db::FormatTimestamp(position.updated_at));
    ids.Add(position.id);
  }
  db::Params params;
  params.Add(states.Finish()).Add(times.Finish()).Add(ids.Finish()).Add(int64_t{kPage});
  return params;
}

// Reads a page of each state and moves the positions on; those without a further page are dropped.
absl::Status ReadPage(db::Session& session, Positions& positions, RecentChanges& changes) {
  const auto rows = session.Exec(sql::kChangedJobs, PageParams(positions));
  if (!rows.ok()) return rows.status();
  std::map<std::string, int> sizes;
  for (const pqxx::row& row : *rows) {
    changes.jobs.push_back({row[1].c_str(), ReadTime(row[2])});
    positions[row[0].c_str()] = changes.jobs.back();
    ++sizes[row[0].c_str()];
  }
  std::erase_if(positions, [&sizes](const auto& at) { return sizes[at.first] < kPage; });
  return absl::OkStatus();
}

}  // namespace

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

}  // namespace vibestack::job_service
