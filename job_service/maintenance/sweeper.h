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

// Runs a sweep periodically, on its own thread: a pass over jobs that are due, such as jobs with an
// expired lease or old jobs. A sweep handles a bounded number of jobs. Every replica may sweep at
// the same time, because the SQL statements lock the jobs and check them again. Thread-safe.
class Sweeper {
 public:
  // Handles up to `limit` due jobs before `deadline` and returns their number.
  using Sweep = std::function<Task<absl::StatusOr<int>>(int limit, absl::Time deadline)>;

  // Sweeps every `interval`, for the first time after `interval`. `event` names what happens to the
  // jobs: it is the log event, and the label `what` of
  // vibestack_sweeps_total{what,outcome="ok"|"failed"} and vibestack_swept_jobs_total{what}.
  // `metrics` must outlive this.
  Sweeper(std::string event, absl::Duration interval, Sweep sweep, Metrics& metrics);
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;
  ~Sweeper() { Stop(); }

  // Waits for a sweep under way and joins the thread. May be called twice.
  void Stop();

 private:
  static constexpr int kMaxJobsPerSweep = 1'000;

  void Run();
  // Repeats the sweep until no due job is left, a sweep fails, or Stop() is called.
  void SweepAll(bool& failing);
  // Waits for the interval. Returns false if Stop() was called.
  bool Pause();
  bool stopping() const;

  const std::string event_;
  const absl::Duration interval_;
  const Sweep sweep_;
  prometheus::Counter& succeeded_;
  prometheus::Counter& failed_;
  prometheus::Counter& jobs_;
  int limit_ = kMaxJobsPerSweep;  // Only the thread uses it.
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_MAINTENANCE_SWEEPER_H_
