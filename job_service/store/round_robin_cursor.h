#ifndef VIBESTACK_JOB_SERVICE_STORE_ROUND_ROBIN_CURSOR_H_
#define VIBESTACK_JOB_SERVICE_STORE_ROUND_ROBIN_CURSOR_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace vibestack::job_service {

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
  // Whether the next claim takes the oldest jobs instead of going round robin. `limit` is the
  // largest limit of its callers. Claims of single jobs alternate between the two, so that the
  // oldest job never waits for a whole round.
  bool NextGoesByAge(int limit);

  std::vector<RoundRobinPosition> Get(const std::vector<std::string>& workflow_ids) const;
  void Put(const std::vector<RoundRobinPosition>& positions);

 private:
  mutable absl::Mutex mutex_;
  bool by_age_ ABSL_GUARDED_BY(mutex_) = false;
  // The user of each position, by workflow. A workflow without an entry is before its first user.
  absl::flat_hash_map<std::string, std::string> after_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_ROUND_ROBIN_CURSOR_H_
