#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_SENDER_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_SENDER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/token_issuer.h"
#include "common/http/delivery.h"
#include "common/telemetry/metrics.h"
#include "job_service/dispatch/outcome.h"
#include "job_service/dispatch/request.h"

namespace vibestack::job_service {

// Posts jobs to their workflows. Thread-safe. Metrics (the workflows file bounds the values of
// `workflow_id`; callers do not choose them):
// vibestack_dispatch_attempts_total{workflow_id,outcome} and
// vibestack_dispatch_duration_seconds{workflow_id}.
class Sender {
 public:
  struct Options {
    // The base URL for callbacks, as `https://api.example.com`. Workflows with callbacks need it,
    // and `issuer`.
    std::string callback_base_url;
    const auth::TokenIssuer* issuer = nullptr;
    JsonCheck json_fault;
  };

  // The references, and `options.issuer`, must outlive this.
  Sender(Options options, http::DeliveryClient& client, Metrics& metrics);

  // Registers the metrics of this workflow, so that they exist with the value 0 before the first
  // post.
  void RegisterWorkflowMetrics(const std::string& workflow_id);

  // Posts a job, which was read with its input, to its workflow once, and interprets the response.
  // `push` and `job` must outlive the task.
  Task<DispatchOutcome> Post(const Push& push, const Job& job, absl::Time deadline);

  // Notifies the cancel URL of a workflow, with up to three attempts. Logs a failure. `push`, `job`
  // and `reason` must outlive the task.
  Task<void> NotifyCancelled(const Push& push, const Job& job, const std::string& reason);

 private:
  prometheus::Counter& Attempts(const std::string& workflow_id, const char* outcome);
  prometheus::Histogram& Durations(const std::string& workflow_id);
  absl::StatusOr<std::optional<Callback>> MakeCallback(const Push& push, const Job& job) const;
  // Counts and logs an attempt.
  void Record(const Job& job, const http::DeliveryClient::Attempt& attempt,
              const DispatchOutcome& outcome, absl::Duration duration);

  const Options options_;
  http::DeliveryClient& client_;
  Metrics& metrics_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_SENDER_H_
