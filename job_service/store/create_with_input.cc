// The calls of DispatchStore for jobs whose input is with the call that makes them.
#include <utility>

#include "common/base/error.h"
#include "job_service/store/dispatch_store.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

using CreationWithInput = DispatchStore::CreationWithInput;

constexpr char kAwaitsInput[] = R"({"awaiting": "input"})";
constexpr char kAwaitsAcceptance[] = R"({"awaiting": "acceptance"})";

bool IsUnderWay(const Job& job) {
  return job.status == JobStatus::kPending &&
         (job.result == kAwaitsInput || job.result == kAwaitsAcceptance);
}

// A row that was there and could not be taken.
absl::StatusOr<CreationWithInput> AnswerExisting(db::Session& session, const NewJob& job) {
  const std::vector<JobKey> keys = {JobKey{job.id, true}};
  const absl::StatusOr<std::vector<JobPtr>> rows = GetJobs(session, keys);
  if (!rows.ok()) return rows.status();
  const JobPtr existing = rows->front();
  if (existing == nullptr) {
    return AbortedError("CONFLICT", "the call collided with another; try again");
  }
  if (existing->user_id != job.user_id || existing->workflow_id != job.workflow_id) {
    return AlreadyExistsError("ID_TAKEN", "a job with this id and other content exists");
  }
  return CreationWithInput{*existing, false, IsUnderWay(*existing)};
}

absl::StatusOr<CreationWithInput> FilterSubscriptions(db::Session& session, const NewJob& job,
                                                      absl::Duration hold) {
  db::Params make;
  make.Add(job.id).Add(job.user_id).Add(job.workflow_id);
  const auto made = session.Exec(sql::kCreateWithInput, make);
  if (ErrorReason(made.status()) == "REFERENCE_MISSING") return NotFoundError("user", job.user_id);
  if (!made.ok()) return made.status();
  if (!made->empty()) return CreationWithInput{ReadJob((*made)[0]), true, false, true};
  db::Params take;
  take.Add(job.id).Add(job.user_id).Add(job.workflow_id).Add(absl::ToInt64Microseconds(hold));
  const auto taken = session.Exec(sql::kTakeWithInput, take);
  if (!taken.ok()) return taken.status();
  if (!taken->empty()) return CreationWithInput{ReadJob((*taken)[0]), true, false};
  return AnswerExisting(session, job);
}

}  // namespace

Task<absl::StatusOr<CreationWithInput>> DispatchStore::CreateWithInput(NewJob job,
                                                                       absl::Duration hold,
                                                                       absl::Time deadline) {
  std::function<absl::StatusOr<CreationWithInput>(db::Session&)> work = [&](db::Session& session) {
    return FilterSubscriptions(session, job, hold);
  };
  // Never repeated: a row that our own lost statement made would look like another call's.
  absl::StatusOr<CreationWithInput> fed =
      co_await pool_.Run<CreationWithInput>(deadline, db::Repeat::kNever, std::move(work));
  if (fed.ok() && fed->ours) PublishChanged({fed->job.id});
  if (fed.ok() && fed->made) counts_.Created(1);
  co_return fed;
}

Task<absl::StatusOr<bool>> DispatchStore::AwaitInput(Lease held, absl::Time deadline) {
  std::optional<std::string> mark = kAwaitsInput;
  co_return co_await Settle(std::move(held), JobStatus::kPending, std::move(mark), deadline);
}

}  // namespace vibestack::job_service
