#include "job_service/maintenance/job_count_gauges.h"

#include <utility>

namespace vibestack::job_service {
namespace {

// The timeout of a count. A count normally takes some milliseconds.
constexpr absl::Duration kLongestCount = absl::Seconds(2);

}  // namespace

JobCountGauges::JobCountGauges(Count count, Metrics& metrics, const Clock& clock)
    : count_(std::move(count)),
      clock_(clock),
      jobs_(metrics.AddSource(
          "vibestack_jobs",
          "Jobs in the database by status, counted up to 10,000. Every replica shows the same.",
          prometheus::MetricType::Gauge,
          [this](std::vector<prometheus::ClientMetric>& series) { AppendJobs(series); })),
      age_(metrics.AddSource(
          "vibestack_oldest_pending_job_age_seconds",
          "Time since the oldest pending job was created, 0 without one. Every replica shows the "
          "same.",
          prometheus::MetricType::Gauge,
          [this](std::vector<prometheus::ClientMetric>& series) { AppendAge(series); })) {}

void JobCountGauges::Stop() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
  mutex_.Await(absl::Condition(&idle_));
}

std::optional<JobCounts> JobCountGauges::Look() {
  const absl::Time now = clock_.Now();
  bool begins = false;
  {
    absl::MutexLock lock(&mutex_);
    // `now < tried_at_`: the clock was set back.
    begins = idle_ && !stopping_ && (now < tried_at_ || now - tried_at_ >= kFreshFor);
    if (begins) {
      idle_ = false;
      tried_at_ = now;
    }
  }
  if (begins) Start(Recount());
  absl::MutexLock lock(&mutex_);
  if (begins) mutex_.AwaitWithTimeout(absl::Condition(&idle_), kCountTimeout);
  const absl::Duration age = clock_.Now() - counted_at_;
  return age >= absl::ZeroDuration() && age < kShownFor ? counts_ : std::nullopt;
}

Task<void> JobCountGauges::Recount() {
  const absl::StatusOr<JobCounts> counts = co_await count_(absl::Now() + kLongestCount);
  absl::MutexLock lock(&mutex_);
  if (counts.ok()) {
    counts_ = *counts;
    counted_at_ = clock_.Now();
  }
  idle_ = true;
  // Nothing may follow: Stop() may return now, and this may be destroyed.
}

void JobCountGauges::AppendJobs(std::vector<prometheus::ClientMetric>& series) {
  const std::optional<JobCounts> counts = Look();
  if (!counts.has_value()) return;
  for (const auto& [status, jobs] : counts->jobs) {
    prometheus::ClientMetric& metric = series.emplace_back();
    metric.label.push_back({"status", JobStatusName(status)});
    metric.gauge.value = jobs;
  }
}

void JobCountGauges::AppendAge(std::vector<prometheus::ClientMetric>& series) {
  const std::optional<JobCounts> counts = Look();
  if (!counts.has_value()) return;
  const absl::Duration age = counts->oldest_pending.value_or(absl::ZeroDuration());
  series.emplace_back().gauge.value = absl::ToDoubleSeconds(age);
}

}  // namespace vibestack::job_service
