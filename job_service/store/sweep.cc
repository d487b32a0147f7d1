#include "job_service/store/sweep.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <pqxx/pqxx>
#include "common/telemetry/log.h"

namespace vibestack::job_service {
namespace {

struct SweptJob {
  std::string id;
  std::string workflow_id;
  JobStatus status = JobStatus::kPending;
  bool is_oversized = false;
};

void ReadSwept(const pqxx::result& rows, std::vector<SweptJob>& jobs) {
  jobs.reserve(jobs.size() + rows.size());
  for (const pqxx::row& row : rows) {
    SweptJob& job = jobs.emplace_back();
    job.id = row[0].c_str();
    job.workflow_id = row[1].c_str();
    job.status = ParseJobStatus(row[2].c_str());
    job.is_oversized = !row[3].is_null() && row[3].as<bool>();
  }
}

void LogOversized(const std::string& job_id, const std::string& workflow_id) {
  Log(LogLevel::kWarning, "job_payload_oversized",
      {{"job_id", job_id}, {"workflow_id", workflow_id}});
}

}  // namespace

int DropOversized(StoreContext& context, std::vector<Job>& jobs) {
  JobChanges changes;
  std::erase_if(jobs, [&](const Job& job) {
    if (job.status != JobStatus::kFailed) return false;
    LogOversized(job.id, job.workflow_id);
    context.job_metrics.RecordFinished(job.status);
    changes.changed.push_back(job.id);
    return true;
  });
  const int dropped = static_cast<int>(changes.changed.size());
  context.Publish(std::move(changes));
  return dropped;
}

Task<absl::StatusOr<int>> RunSweep(StoreContext& context, SetStatement statement, int limit,
                                   SweepEffect effect, absl::Time deadline) {
  using Jobs = std::vector<SweptJob>;
  std::function<absl::StatusOr<Jobs>(db::Session&)> work =
      [&](db::Session& session) -> absl::StatusOr<Jobs> {
    Jobs swept;
    const absl::Status status =
        RunSetStatement(session, context.refused, statement, limit,
                        [&swept](const pqxx::result& rows) { ReadSwept(rows, swept); });
    // The jobs that were written before the error are published.
    if (!status.ok() && swept.empty()) return status;
    return swept;
  };
  const absl::StatusOr<Jobs> jobs =
      co_await context.pool.Run<Jobs>(deadline, db::Repeat::kSafe, std::move(work));
  if (!jobs.ok()) co_return jobs.status();
  JobChanges changes;
  for (const SweptJob& job : *jobs) {
    changes.changed.push_back(job.id);
    context.job_metrics.RecordFinished(job.status);
    if (effect == SweepEffect::kEndsAttempts) context.NotePlace(job.workflow_id, changes);
    if (effect == SweepEffect::kMakesReady && !job.is_oversized) ++changes.pending[job.workflow_id];
    if (job.is_oversized) LogOversized(job.id, job.workflow_id);
  }
  context.Publish(std::move(changes));
  co_return static_cast<int>(jobs->size());
}

}  // namespace vibestack::job_service
