#include "job_service/dispatch/dispatcher.h"

#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/clock.h"
#include "common/base/exception.h"
#include "common/telemetry/log.h"

namespace vibestack::job_service {
namespace {

// The maximum number of concurrent notifications of cancelled jobs, over all workflows.
constexpr int kMaxCancels = 1'000;

http::Client::Options ClientOptions(const std::string& ca_file) {
  http::Client::Options options;
  // Each WorkflowDispatcher has its own limit, so these limits only have to be large enough for
  // all.
  options.max_concurrent = 10'000;
  options.max_queued = 10'000;
  options.max_response_bytes = size_t{4} << 20;
  options.ca_file = ca_file;
  return options;
}

prometheus::ClientMetric Series(const Metrics::Labels& labels, size_t value) {
  prometheus::ClientMetric metric;
  metric.label = ToSeriesLabels(labels);
  metric.gauge.value = static_cast<double>(value);
  return metric;
}

}  // namespace

Dispatcher::Dispatcher(Options options, DispatchStore& store, ReadStore& read_store,
                       JobSubscriptions& job_subscriptions, Metrics& metrics)
    : options_(std::move(options)),
      client_(ClientOptions(options_.ca_file)),
      delivery_client_(client_, SystemClock::Instance()),
      sender_(options_.sender, delivery_client_, metrics),
      shared_{store,  read_store,         job_subscriptions,     sender_,
              tasks_, options_.workflows, options_.poll_interval},
      jobs_metric_(metrics.AddSource(
          "vibestack_dispatch_jobs",
          "Jobs whose request is in flight, and jobs that wait for a retry.",
          prometheus::MetricType::Gauge,
          [this](std::vector<prometheus::ClientMetric>& series) { AppendJobs(series); })),
      circuits_metric_(metrics.AddSource(
          "vibestack_dispatch_circuit_open",
          "1 while the circuit breaker of a failing target is open, else 0.",
          prometheus::MetricType::Gauge,
          [this](std::vector<prometheus::ClientMetric>& series) { AppendCircuits(series); })) {}

void Dispatcher::AppendJobs(std::vector<prometheus::ClientMetric>& series) {
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, workflow_dispatcher] : workflow_dispatchers_) {
    const WorkflowDispatcher::Stats stats = workflow_dispatcher->stats();
    series.push_back(Series({{"state", "under_way"}, {"workflow_id", id}}, stats.under_way));
    series.push_back(
        Series({{"state", "waiting_retry"}, {"workflow_id", id}}, stats.waiting_retry));
  }
}

void Dispatcher::AppendCircuits(std::vector<prometheus::ClientMetric>& series) {
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, workflow_dispatcher] : workflow_dispatchers_) {
    series.push_back(
        Series({{"workflow_id", id}}, workflow_dispatcher->stats().circuit_open ? 1 : 0));
  }
}

void Dispatcher::Refresh() {
  const WorkflowSetPtr workflows = options_.workflows();
  std::vector<WorkflowDispatcher*> fresh;
  std::vector<WorkflowDispatcher*> known;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    for (const auto& [id, workflow_dispatcher] : workflow_dispatchers_)
      known.push_back(workflow_dispatcher.get());
    for (const auto& [id, workflow] : workflows->all()) {
      if (!workflow.push.has_value() || workflow_dispatchers_.contains(id)) continue;
      fresh.push_back(
          (workflow_dispatchers_[id] = std::make_unique<WorkflowDispatcher>(id, shared_)).get());
    }
  }
  for (WorkflowDispatcher* workflow_dispatcher : fresh) {
    sender_.RegisterWorkflowMetrics(workflow_dispatcher->workflow_id());
    workflow_dispatcher->Begin();
  }
  for (WorkflowDispatcher* workflow_dispatcher : known) workflow_dispatcher->WakeUp();
}

void Dispatcher::NotifyCancelled(Job job, std::string reason) {
  {
    absl::MutexLock lock(&mutex_);
    if (cancels_ < kMaxCancels) {
      ++cancels_;
    } else {
      Log(LogLevel::kWarning, "cancellation_not_delivered",
          {{"job_id", job.id},
           {"workflow_id", job.workflow_id},
           {"outcome", "dropped"},
           {"http_status", 0},
           {"reason", "QUEUE_FULL"}});
      return;
    }
  }
  tasks_.Go(NotifyCancelUrl(std::move(job), std::move(reason)));
}

Task<void> Dispatcher::NotifyCancelUrl(Job job, std::string reason) {
  const WorkflowSetPtr workflows = options_.workflows();
  const Push* push = workflows->FindPush(job.workflow_id);
  if (push != nullptr && !push->cancel_url.empty()) {
    try {
      co_await sender_.NotifyCancelled(*push, job, reason);
    } catch (...) {
      ReportException();
    }
  }
  absl::MutexLock lock(&mutex_);
  --cancels_;
}

void Dispatcher::Stop(absl::Time until) {
  std::vector<WorkflowDispatcher*> workflow_dispatchers;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (const auto& [id, workflow_dispatcher] : workflow_dispatchers_)
      workflow_dispatchers.push_back(workflow_dispatcher.get());
  }
  for (WorkflowDispatcher* workflow_dispatcher : workflow_dispatchers) workflow_dispatcher->Stop();
  delivery_client_.BeginStop(until);
  tasks_.Await(until);
  client_.Stop();  // Ends the requests under way.
  tasks_.Await(absl::InfiniteFuture());
}

}  // namespace vibestack::job_service
