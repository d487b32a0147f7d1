#ifndef VIBESTACK_JOB_SERVICE_MAINTENANCE_JOB_COUNT_GAUGES_H_
#define VIBESTACK_JOB_SERVICE_MAINTENANCE_JOB_COUNT_GAUGES_H_

#include <functional>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/base/clock.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {

// The gauges vibestack_jobs{status} and vibestack_oldest_pending_job_age_seconds. They count the
// whole table, so every replica shows the same values.
//
// A scrape starts a count, unless one started less than kFreshFor ago. It waits up to kCountTimeout
// for the count that it started. Then it shows the last count, if that is younger than kShownFor,
// else nothing. Thread-safe.
class JobCountGauges {
 public:
  using Count = std::function<Task<absl::StatusOr<JobCounts>>(absl::Time deadline)>;

  static constexpr absl::Duration kFreshFor = absl::Seconds(5);
  static constexpr absl::Duration kShownFor = absl::Minutes(1);
  // How long a scrape waits for the count that it starts.
  static constexpr absl::Duration kCountTimeout = absl::Milliseconds(200);

  // `count` counts the jobs. `metrics` and `clock` must outlive this.
  JobCountGauges(Count count, Metrics& metrics, const Clock& clock = SystemClock::Instance());
  JobCountGauges(const JobCountGauges&) = delete;
  JobCountGauges& operator=(const JobCountGauges&) = delete;
  ~JobCountGauges() { Stop(); }

  // Starts no more counts and returns when none is under way. May be called twice.
  void Stop();

 private:
  // The counts to show now; std::nullopt if there are no recent ones. May block for kCountTimeout.
  std::optional<JobCounts> Look();
  Task<void> Recount();
  void AppendJobs(std::vector<prometheus::ClientMetric>& series);
  void AppendAge(std::vector<prometheus::ClientMetric>& series);

  const Count count_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::optional<JobCounts> counts_ ABSL_GUARDED_BY(mutex_);
  absl::Time tried_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time counted_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool idle_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Last: they read the others.
  MetricRegistration jobs_;
  MetricRegistration age_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_MAINTENANCE_JOB_COUNT_GAUGES_H_
