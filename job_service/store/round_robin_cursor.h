#ifndef VIBESTACK_JOB_SERVICE_STORE_ROUND_ROBIN_CURSOR_H_
#define VIBESTACK_JOB_SERVICE_STORE_ROUND_ROBIN_CURSOR_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace vibestack::job_service {

// The position of the round robin over the users of one workflow: the next claim begins after this
// user. Empty: it begins with the first user.
struct RoundRobinPosition {
  std::string workflow_id;
  std::string after_user_id;
};

// Keeps the round robin position of each workflow between claims, so that small claims reach all
// users in turn. Each replica has its own cursor, and a restart loses it; only fairness depends on
// it. Thread-safe.
class RoundRobinCursor {
 public:
  // Whether the next claim takes the oldest jobs, instead of jobs in turn for each user. True for
  // every other claim of single jobs, so that the oldest job never waits for a whole round. `limit`
  // is the largest limit of the callers of the claim.
  bool NextGoesByAge(int limit);

  std::vector<RoundRobinPosition> Get(const std::vector<std::string>& workflow_ids) const;
  void Put(const std::vector<RoundRobinPosition>& positions);

 private:
  mutable absl::Mutex mutex_;
  bool by_age_ ABSL_GUARDED_BY(mutex_) = false;
  // RoundRobinPosition::after_user_id by workflow id. No entry: the round robin begins with the
  // first user.
  absl::flat_hash_map<std::string, std::string> after_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_ROUND_ROBIN_CURSOR_H_
