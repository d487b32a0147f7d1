#include "job_service/maintenance/sweeper.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/async/sync_wait.h"
#include "common/telemetry/log.h"

namespace vibestack::job_service {
namespace {

constexpr absl::Duration kSweepTimeout = absl::Seconds(10);

prometheus::Counter& Sweeps(Metrics& metrics, const std::string& event, const char* outcome) {
  return metrics.Counter("vibestack_sweeps_total", "Periodic sweeps by type and outcome.",
                         {{"what", event}, {"outcome", outcome}});
}

}  // namespace

Sweeper::Sweeper(std::string event, absl::Duration interval, Sweep sweep, Metrics& metrics)
    : event_(std::move(event)),
      interval_(interval),
      sweep_(std::move(sweep)),
      succeeded_(Sweeps(metrics, event_, "ok")),
      failed_(Sweeps(metrics, event_, "failed")),
      jobs_(metrics.Counter("vibestack_swept_jobs_total", "Jobs that sweeps changed or deleted.",
                            {{"what", event_}})),
      thread_([this] { Run(); }) {}

void Sweeper::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

bool Sweeper::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

bool Sweeper::Pause() {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_), interval_);
  return !stopping_;
}

void Sweeper::Run() {
  bool failing = false;
  while (Pause()) SweepAll(failing);
}

void Sweeper::SweepAll(bool& failing) {
  while (!stopping()) {
    const absl::StatusOr<int> swept = SyncWait(sweep_(limit_, absl::Now() + kSweepTimeout));
    if (!swept.ok()) {
      // Jobs with large payloads may take longer than the timeout, so the next sweep takes fewer.
      limit_ = std::max(limit_ / 10, 1);
      if (!failing) {
        Log(LogLevel::kWarning, "sweep_failed",
            {{"what", event_}, {"code", absl::StatusCodeToString(swept.status().code())}});
      }
      failing = true;
      failed_.Increment();
      return;
    }
    failing = false;
    succeeded_.Increment();
    jobs_.Increment(*swept);
    if (*swept > 0) Log(LogLevel::kInfo, event_, {{"jobs", *swept}});
    if (*swept < limit_) return;
    limit_ = std::min(limit_ + limit_ / 10 + 1, kMaxJobsPerSweep);
  }
}

}  // namespace vibestack::job_service
