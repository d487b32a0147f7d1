#include "common/base/error.h"
#include "job_service/store/not_there.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
absl::StatusOr<Job> CancelJob(db::Session& session, const std::string& id,
                              const std::optional<std::string>& owner, const std::string& result) {
  // A job that was neither open nor ended was swept or claimed between the two statements.
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    db::Params write;
    write.Add(id).Add(result).Add(owner);
    const auto cancelled = session.Exec(sql::kCancelJob, write);
    if (!cancelled.ok()) return cancelled.status();
    if (!cancelled->empty()) return ReadJob((*cancelled)[0]);
    db::Params read;
    read.Add(id);
    const auto present = session.Exec(sql::kFindCancelled, read);
    if (!present.ok()) return present.status();
    if (present->empty()) return NotThereError(id, owner);
    Job job = ReadJob((*present)[0]);
    if (owner.has_value() && job.user_id != *owner) return NotThereError(id, owner);
    if ((*present)[0][7].as<bool>()) return job;
    if (job.status != JobStatus::kPending && job.status != JobStatus::kProcessing) {
      return FailedPreconditionError("JOB_TERMINAL", "the job has ended");
    }
  }
  return AbortedError("CONFLICT", "the call collided with another; try again");
}

}  // namespace vibestack::job_service
