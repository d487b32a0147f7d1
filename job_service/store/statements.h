#ifndef VIBESTACK_JOB_SERVICE_STORE_STATEMENTS_H_
#define VIBESTACK_JOB_SERVICE_STORE_STATEMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/db/session.h"
#include "job_service/domain/job.h"
#include "job_service/domain/job_changes.h"
#include "job_service/domain/job_query.h"
#include "job_service/domain/workflow.h"

// What the store asks of the database, over one session: plain functions around the .sql files
// beside them. Each commits by itself unless it runs within Session::Transact. Where a function
// takes many inputs, its answers are in their order. Errors are Session::Exec's.
namespace vibestack::job_service {

// Results that are read at once for one answer have so many bytes together, as JSON text, or it is
// one result.
inline constexpr size_t kMaxResultBytes = 2 << 20;

// What came of a job that was to be made.
struct Creation {
  absl::Time created_at;
  absl::Time updated_at;
  // Set where the id had a row before, with the same content: that row.
  JobPtr existing;
};

// Adds what the creation of a job means to those who wait. A row that existed counts too:
// our own statement may have made it before its answer was lost.
void AddChange(const NewJob& job, const Creation& creation, JobChanges& changes);

// Makes jobs; an id may be there several times. Each one's own error: ALREADY_EXISTS (ID_TAKEN)
// where the id has other content. FAILED_PRECONDITION (REFERENCE_MISSING) for all of them when an
// owner is gone; nothing is made then. Jobs that existed come with their results if wanted.
absl::StatusOr<std::vector<absl::StatusOr<Creation>>> CreateJobs(db::Session& session,
                                                                 const std::vector<NewJob>& jobs,
                                                                 bool with_results);

// One wish to read a job.
struct JobKey {
  std::string id;
  bool with_result = false;
  // The `updated_at` of the job as the caller knows it; the result of just that version is of no
  // use to them, and may be left out.
  std::optional<absl::Time> known = std::nullopt;
};

// Reads jobs; an id may be there several times and comes with its result if one of them wants it.
// Null where there is none.
absl::StatusOr<std::vector<JobPtr>> GetJobs(db::Session& session, const std::vector<JobKey>& keys);

// Reads the first of these jobs with their results, one at least and as many as kMaxResultBytes
// allows. Null where there is none.
absl::StatusOr<std::vector<JobPtr>> GetJobsUpTo(db::Session& session,
                                                const std::vector<std::string>& ids);

// Ends jobs, or stores their progress; several of one job are done one after the other. Answers the
// job without its result. Each one's own error: ABORTED (LEASE_LOST), NOT_FOUND. Where the job has
// ended so already it is answered as if it had now. INVALID_ARGUMENT for all when the database does
// not take a result.
absl::StatusOr<std::vector<absl::StatusOr<Job>>> FinishJobs(db::Session& session,
                                                            const std::vector<JobFinish>& finishes);

// A job whose lease was held when it was written to.
struct HeldJob {
  std::string workflow_id;
  absl::Time updated_at;
};

// Extends leases; several of one job are done one after the other. Each one's own error: ABORTED
// (LEASE_LOST or JOB_CANCELLED), NOT_FOUND, or that of its statement.
std::vector<absl::StatusOr<HeldJob>> HeartbeatJobs(db::Session& session,
                                                   const std::vector<Lease>& leases);

// Ends a job that is not terminal with this result; `owner`, where given, must be its user.
// PERMISSION_DENIED (NOT_YOURS) for another's or no job where `owner` is given, else NOT_FOUND;
// FAILED_PRECONDITION (JOB_TERMINAL) when it has ended otherwise than by a cancellation.
absl::StatusOr<Job> CancelJob(db::Session& session, const std::string& id,
                              const std::optional<std::string>& owner, const std::string& result);

// Makes a failed job pending; `owner` as for CancelJob. Where its workflow is pushed any replica
// may dispatch it at once. A pending one is answered as it is. FAILED_PRECONDITION (JOB_NOT_FAILED)
// for others.
absl::StatusOr<Job> RetryJob(db::Session& session, const std::string& id,
                             const std::optional<std::string>& owner, const WorkflowSet& workflows);

// Deletes a terminal job and answers what it was; `owner` as for CancelJob. FAILED_PRECONDITION
// (JOB_NOT_TERMINAL) for others.
absl::StatusOr<Job> DeleteJob(db::Session& session, const std::string& id,
                              const std::optional<std::string>& owner);

// Hands jobs back; otherwise as HeartbeatJobs.
std::vector<absl::StatusOr<HeldJob>> ReleaseJobs(db::Session& session,
                                                 const std::vector<Lease>& leases);

// Counts jobs up to `most_jobs` of each state, in these workflows or, where none is named, in the
// first `most_workflows`.
absl::StatusOr<std::vector<WorkflowStats>> CountJobs(db::Session& session,
                                                     std::vector<std::string> workflow_ids,
                                                     int most_workflows, int most_jobs);

// Counts all jobs, up to `most_jobs` of each state.
absl::StatusOr<JobCounts> CountAllJobs(db::Session& session, int most_jobs);

// Deletes at most `limit` jobs that ended longer than `retention` ago; answers their ids and users.
absl::StatusOr<std::vector<Job>> ExpireJobs(db::Session& session, absl::Duration retention,
                                            int limit);

// Where no index holds just the rows of a list, a page looks at so many at most, and says where to
// go on.
inline constexpr int64_t kMostLookedAt = 10'000;

// A page with results ends where kMaxResultBytes says, even if nothing is left on it.
absl::StatusOr<JobPage> ListJobs(db::Session& session, const JobQuery& query);

// The oldest pending jobs of these workflows, at most `limit`, now processing.
absl::StatusOr<std::vector<Job>> ClaimOldest(db::Session& session,
                                             const std::vector<std::string>& workflow_ids,
                                             int limit);

// Where the turn of users stands in one workflow: after this user; empty before the first.
struct RoundRobinPosition {
  std::string workflow_id;
  std::string after_user_id;
};

// Pending jobs, at most `limit`, now processing, taken in turn from at most `users` users of each
// workflow. Moves the turns on; a turn that reached its end starts again.
absl::StatusOr<std::vector<Job>> ClaimFairly(db::Session& session,
                                             std::vector<RoundRobinPosition>& turns, int users,
                                             int limit);

// Returns at most `limit` jobs to pending whose lease ran out: `lease_duration` long unless the
// workflow has its own. Jobs of pushed workflows have none.
absl::StatusOr<std::vector<Job>> SweepJobs(db::Session& session, absl::Duration lease_duration,
                                           const WorkflowSet& workflows, int limit);

// Which jobs changed at `since`, by the database's time, or later; none when that is in the future.
// Not complete past some 100,000.
absl::StatusOr<RecentChanges> FindChangedJobs(db::Session& session, absl::Time since);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_STATEMENTS_H_
