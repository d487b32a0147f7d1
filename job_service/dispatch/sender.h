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
    // Where runs reach job_service, as `https://api.example.com`. If it is empty, or without an
    // issuer, runs cannot call back.
    std::string callback_base_url;
    const auth::TokenIssuer* issuer = nullptr;
    JsonCheck json_fault;
  };

  // All must outlive this.
  Sender(Options options, http::DeliveryClient& client, Metrics& metrics);

  // Registers the metrics of this workflow, before anything is posted.
  void RegisterWorkflowMetrics(const std::string& workflow_id);

  // Posts a job to its workflow, with this input (JSON text, or empty for none), and reads the
  // response. `push` must outlive the task.
  Task<DispatchOutcome> Post(const Push& push, const Job& job, const std::string& input,
                             absl::Time deadline);

  // Notifies the cancel URL of a workflow, in a few attempts. A failure is a log line. `push` must
  // outlive the task.
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
