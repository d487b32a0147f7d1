#ifndef VIBESTACK_JOB_SERVICE_STORE_FAIR_CLAIMS_H_
#define VIBESTACK_JOB_SERVICE_STORE_FAIR_CLAIMS_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/db/session.h"
#include "job_service/domain/job.h"
#include "job_service/store/read_store.h"

// Which pending jobs a claim takes. ClaimOldest and ClaimFairlyThenOldest make the jobs processing.
// They also return the jobs that they made failed because of their oversized payloads
// (DropOversized). Errors are those of Session.
namespace vibestack::job_service {

// Asks for pending jobs to process.
struct ClaimRequest {
  std::vector<std::string> workflow_ids;  // Distinct.
  int limit = 1;
  // The claim ends with the job that makes the stored payloads reach this size.
  int64_t max_bytes = static_cast<int64_t>(kMaxResultBytes);
  // The jobs to leave out: RefusedJobs::AsArray(). ClaimStore sets it.
  std::string refused = "{}";
};

// Where the round robin over the users of one workflow stands: after this user. Empty: before the
// first user.
struct RoundRobinPosition {
  std::string workflow_id;
  std::string after_user_id;
};

// Remembers the round robin position of each workflow, so that small claims reach all users in
// turn. This is for fairness only: each replica has its own cursor, and a restart forgets it.
// Thread-safe.
class RoundRobinCursor {
 public:
  // Decides whether the next claim takes the oldest jobs instead of going round robin. `limit` is
  // the largest limit of its callers. Claims of single jobs alternate between the two, so that the
  // oldest job never waits for a whole round.
  bool TakeTurnByAge(int limit);

  std::vector<RoundRobinPosition> Get(const std::vector<std::string>& workflow_ids) const;
  void Put(const std::vector<RoundRobinPosition>& positions);

 private:
  mutable absl::Mutex mutex_;
  bool by_age_ ABSL_GUARDED_BY(mutex_) = false;
  // The user of each position, by workflow. A workflow without an entry is before its first user.
  absl::flat_hash_map<std::string, std::string> after_ ABSL_GUARDED_BY(mutex_);
};

// Claims the oldest pending jobs.
absl::StatusOr<std::vector<Job>> ClaimOldest(db::Session& session, const ClaimRequest& claim);

// Claims jobs round robin over the users of each workflow and advances `cursor`. Then claims the
// oldest jobs, when the round robin did not find enough.
// If that second step fails, returns the jobs of the first one; in a transaction, or without such
// jobs, the error.
absl::StatusOr<std::vector<Job>> ClaimFairlyThenOldest(db::Session& session,
                                                       RoundRobinCursor& cursor,
                                                       const ClaimRequest& claim,
                                                       bool in_transaction);

// Claims the first job that ClaimOldest (`by_age`) or ClaimFairlyThenOldest would claim, and stores
// its id in `first` before the write; empty if there is none. `claim.limit` is 1. Call it in a
// transaction.
absl::StatusOr<std::vector<Job>> ClaimFirst(db::Session& session, RoundRobinCursor& cursor,
                                            const ClaimRequest& claim, bool by_age,
                                            std::string& first);

// Locks a workflow until the end of the transaction, so that no other claim of it with a bound runs
// at the same time. Returns how many more of its jobs may be processing, at least 0. Call it first
// in a transaction. `visibility_timeout` is that of a pushed workflow, zero for a pulled one.
absl::StatusOr<int> LockAndCountPlaces(db::Session& session, const std::string& workflow_id,
                                       int max_processing, absl::Duration visibility_timeout);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_FAIR_CLAIMS_H_
