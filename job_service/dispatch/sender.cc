#include "job_service/dispatch/sender.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "common/rpc/alarm.h"
#include "common/telemetry/log.h"
#include "common/telemetry/trace_headers.h"

namespace vibestack::job_service {
namespace {

// A run that reports progress may take longer than its processing timeout.
absl::Duration TokenLifetime(const Push& push) {
  return 2 * push.processing_timeout + absl::Hours(1);
}

// Bodies past this are not read on the client's one thread.
constexpr size_t kLargeBody = 64UL * 1024;

}  // namespace

Sender::Sender(Options options, http::Client& client, Metrics& metrics)
    : options_(std::move(options)), client_(client), metrics_(metrics) {}

void Sender::Expect(const std::string& workflow_id) {
  using Kind = DispatchOutcome::Kind;
  for (const Kind kind :
       {Kind::kAccepted, Kind::kCompleted, Kind::kFailed, Kind::kRetry, Kind::kAbandoned}) {
    Attempts(workflow_id, OutcomeName(kind));
  }
  Durations(workflow_id);
}

prometheus::Counter& Sender::Attempts(const std::string& workflow_id, const char* outcome) {
  return metrics_.Counter("vibestack_dispatch_attempts_total",
                          "Jobs posted to their workflow, by outcome.",
                          {{"workflow_id", workflow_id}, {"outcome", outcome}});
}

prometheus::Histogram& Sender::Durations(const std::string& workflow_id) {
  return metrics_.Histogram("vibestack_dispatch_duration_seconds",
                            "Time from posting a job to its workflow's answer.",
                            {{"workflow_id", workflow_id}},
                            {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300});
}

Span Sender::BeginSpan(const Job& job, const TraceContext* caller) {
  if (!TracingEnabled()) return Span();
  const std::optional<TraceContext> remembered = traces_.Find(job.id);
  const TraceContext* parent = caller;
  if (parent == nullptr && remembered.has_value()) parent = &*remembered;
  Span span = StartRootSpan("dispatch", SpanKind::kClient, parent);
  span.Set("http.request.method", "POST");
  span.Set("vibestack.workflow_id", job.workflow_id);  // of the workflows file
  return span;
}

absl::StatusOr<std::optional<Callback>> Sender::MakeCallback(const Push& push,
                                                             const Job& job) const {
  if (push.completion == Push::Completion::kResponse) return std::nullopt;
  if (options_.issuer == nullptr) return InternalError("there is no key for callback tokens");
  absl::StatusOr<auth::IssuedToken> token =
      options_.issuer->Issue(auth::Purpose::kCallback, job.id, TokenLifetime(push));
  if (!token.ok()) return token.status();
  return Callback{options_.callback_base_url + "/v1/jobs/" + job.id, std::move(token->token)};
}

Task<DispatchOutcome> Sender::Post(const Push& push, const Job& job, const std::string& input,
                                   absl::Time deadline) {
  const absl::Time began = absl::Now();
  const TraceContext* const caller = co_await CurrentTrace();
  Span span = BeginSpan(job, caller);
  const absl::StatusOr<std::optional<Callback>> callback = MakeCallback(push, job);
  absl::StatusOr<http::Response> answer = absl::UnknownError("not sent");
  if (!callback.ok()) {
    answer = callback.status();
  } else {
    http::Request request = DispatchRequest(push, job, input, *callback, absl::Now());
    if (span.context() != nullptr) {
      for (auto& [name, value] : TraceHeaders(*span.context())) {
        request.headers.push_back({name, value});
      }
    }
    answer = co_await client_.Send(std::move(request), deadline);
  }
  if (answer.ok()) span.Set("http.response.status_code", int64_t{answer->status});
  if (!answer.ok()) span.Fail(ErrorReason(answer.status()));
  span.End();
  if (answer.ok() && answer->body.size() > kLargeBody) co_await rpc::WaitUntil(absl::Now());
  DispatchOutcome outcome = JudgeAnswer(answer, push.completion, options_.json_fault, absl::Now());
  const char* name = OutcomeName(outcome.kind);
  Attempts(job.workflow_id, name).Increment();
  Durations(job.workflow_id).Observe(absl::ToDoubleSeconds(absl::Now() - began));
  const LogTrace log_trace(span.context());
  const bool quiet = outcome.kind == DispatchOutcome::Kind::kAccepted ||
                     outcome.kind == DispatchOutcome::Kind::kCompleted;
  Log(quiet ? LogLevel::kDebug : LogLevel::kInfo, "dispatch",
      {{"job_id", job.id},
       {"workflow_id", job.workflow_id},
       {"outcome", name},
       {"http_status", answer.ok() ? answer->status : 0},
       {"reason", ErrorReason(answer.status())}});
  co_return outcome;
}

Task<void> Sender::NotifyCancelled(const Push& push, const Job& job, const std::string& reason) {
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    http::Request request = CancelRequest(push, job, reason, absl::Now());
    const absl::StatusOr<http::Response> answer =
        co_await client_.Send(std::move(request), absl::Now() + push.timeout);
    if (ErrorReason(answer.status()) == "SHUTTING_DOWN") break;
    if (answer.ok() && answer->status < 500 && answer->status != 429) co_return;
    if (i + 1 == kTries) break;
    const absl::Duration pause = BackoffWithJitter(i, absl::Seconds(1), absl::Seconds(5));
    co_await rpc::WaitUntil(absl::Now() + pause);
  }
  Log(LogLevel::kWarning, "cancellation_not_told",
      {{"job_id", job.id}, {"workflow_id", job.workflow_id}});
}

}  // namespace vibestack::job_service
