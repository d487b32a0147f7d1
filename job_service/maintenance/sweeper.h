#ifndef VIBESTACK_JOB_SERVICE_MAINTENANCE_SWEEPER_H_
#define VIBESTACK_JOB_SERVICE_MAINTENANCE_SWEEPER_H_

#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/telemetry/metrics.h"

namespace vibestack::job_service {

// Runs a periodic sweep on a thread of its own, for work that falls due with time: returning jobs
// whose lease ran out to pending, or deleting old jobs. A sweep handles a bounded number of jobs.
// Every replica may sweep: the SQL statements make that safe. Thread-safe.
class Sweeper {
 public:
  // Sweeps at most `limit` jobs before `deadline` and returns their number.
  using Sweep = std::function<Task<absl::StatusOr<int>>(int limit, absl::Time deadline)>;

  // Sweeps every `interval`. `event` says what happens to the jobs: it is the log event, and the
  // label `what` of vibestack_sweeps_total{what,outcome="ok"|"failed"} and of
  // vibestack_swept_jobs_total{what}. `metrics` must outlive this.
  Sweeper(std::string event, absl::Duration interval, Sweep sweep, Metrics& metrics);
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;
  ~Sweeper() { Stop(); }

  // Waits for a sweep under way and joins the thread. May be called twice.
  void Stop();

 private:
  void Run();
  // Sweeps until nothing is left or Stop() is called.
  void SweepAll(bool& failing);
  // Waits for the interval. Returns whether to go on.
  bool Pause();
  bool stopping() const;

  const std::string event_;
  const absl::Duration interval_;
  const Sweep sweep_;
  prometheus::Counter& succeeded_;
  prometheus::Counter& failed_;
  prometheus::Counter& jobs_;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_MAINTENANCE_SWEEPER_H_
