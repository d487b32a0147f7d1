#ifndef VIBESTACK_JOB_SERVICE_STORE_ROUND_ROBIN_CURSOR_H_
#define VIBESTACK_JOB_SERVICE_STORE_ROUND_ROBIN_CURSOR_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {

// Remembers for each workflow whose turn it is, so that claims of few jobs go around all users.
// A hint for fairness only: each replica has its own, and a restart begins anew. Thread-safe.
class RoundRobinCursor {
 public:
  // Whether this claim goes by age instead of by turn; `limit` is how many jobs its callers take at
  // most, each of them. Claims of single jobs do so every other time, so that the oldest job of all
  // never waits for a round of the users.
  bool NextGoesByAge(int limit);

  std::vector<RoundRobinPosition> Get(const std::vector<std::string>& workflow_ids) const;
  void Put(const std::vector<RoundRobinPosition>& turns);

 private:
  mutable absl::Mutex mutex_;
  bool by_age_ ABSL_GUARDED_BY(mutex_) = false;
  // Workflows whose turn is past the first user.
  absl::flat_hash_map<std::string, std::string> after_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_ROUND_ROBIN_CURSOR_H_
