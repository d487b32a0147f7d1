#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_SENDER_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_SENDER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/token_issuer.h"
#include "common/http/client.h"
#include "common/telemetry/metrics.h"
#include "common/telemetry/span.h"
#include "job_service/dispatch/outcome.h"
#include "job_service/dispatch/request.h"
#include "job_service/dispatch/trace_memory.h"

namespace vibestack::job_service {

// Posts jobs to their workflows, once each time it is asked. Thread-safe. Metrics, by workflow_id,
// which is one of the workflows file and not what callers choose:
// vibestack_dispatch_attempts_total{workflow_id,outcome} and
// vibestack_dispatch_duration_seconds{workflow_id}.
class Sender {
 public:
  struct Options {
    // Where runs reach job_service: `https://api.example.com`. Empty, or no issuer: no callbacks.
    std::string callback_base_url;
    const auth::TokenIssuer* issuer = nullptr;
    JsonCheck json_fault;
  };

  // All must outlive this.
  Sender(Options options, http::Client& client, Metrics& metrics);

  // Shows the metrics of this workflow from now on, be it that nothing is posted.
  void Expect(const std::string& workflow_id);

  // The posts of this job are part of this trace, unless the task that posts it is traced itself.
  void Remember(const std::string& job_id, const TraceContext& trace) {
    traces_.Remember(job_id, trace);
  }

  // Hands a job to its workflow, with this input (JSON text, or empty for none), and reads the
  // answer. `push` must outlive the task.
  Task<DispatchOutcome> Post(const Push& push, const Job& job, const std::string& input,
                             absl::Time deadline);

  // Tells the cancel URL of a workflow, with a few tries; a failure is a line of the log.
  Task<void> NotifyCancelled(const Push& push, const Job& job, const std::string& reason);

 private:
  prometheus::Counter& Attempts(const std::string& workflow_id, const char* outcome);
  prometheus::Histogram& Durations(const std::string& workflow_id);
  // The span of a post: of the trace of `caller`, where there is one, else of the job's.
  Span BeginSpan(const Job& job, const TraceContext* caller);
  absl::StatusOr<std::optional<Callback>> MakeCallback(const Push& push, const Job& job) const;

  const Options options_;
  http::Client& client_;
  Metrics& metrics_;
  TraceMemory traces_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_SENDER_H_
