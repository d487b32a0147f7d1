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

// Does what falls due with time, again and again, a bounded number of jobs at a time, in a thread
// of its own: returns jobs whose lease ran out to pending, deletes what was kept long enough. Every
// replica does so safely: the statement sees to it. Thread-safe.
class Sweeper {
 public:
  // Sweeps at most `limit` jobs and tells how many it were.
  using Sweep = std::function<Task<absl::StatusOr<int>>(int limit, absl::Time deadline)>;

  // `event` names what happens to the jobs, for the log and as the label `what` of
  // vibestack_sweeps_total{what,outcome="ok"|"failed"} and vibestack_swept_jobs_total{what}.
  // `metrics` must outlive this.
  Sweeper(std::string event, absl::Duration interval, Sweep sweep, Metrics& metrics);
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;
  ~Sweeper() { Stop(); }

  // Lets a sweep under way end and joins the thread. May be called twice.
  void Stop();

 private:
  void Run();
  // Sweeps until nothing is left or the service stops.
  void SweepAll(bool& failing);
  // Whether to go on.
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
