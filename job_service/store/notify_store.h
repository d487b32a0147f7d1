#ifndef VIBESTACK_JOB_SERVICE_STORE_NOTIFY_STORE_H_
#define VIBESTACK_JOB_SERVICE_STORE_NOTIFY_STORE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/db/pool.h"

namespace vibestack::job_service {

// Sends NOTIFY on the channel of agent_jobs. Thread-safe; the pool must outlive it.
class NotifyStore {
 public:
  explicit NotifyStore(db::Pool& pool) : pool_(pool) {}

  // Sends all payloads in one statement, to every replica including this one. Each payload must be
  // shorter than 8,000 bytes, PostgreSQL's limit. Errors are Pool::Run's.
  Task<absl::Status> Send(std::vector<std::string> payloads, absl::Time deadline);

 private:
  db::Pool& pool_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_NOTIFY_STORE_H_
