#ifndef VIBESTACK_COMMON_TELEMETRY_LOG_H_
#define VIBESTACK_COMMON_TELEMETRY_LOG_H_

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/base/trace_context.h"
#include "common/telemetry/log_value.h"

// Structured log lines on stderr, each a JSON object on a line of its own:
//   {"time":"2030-01-02T03:04:05.000006Z","level":"info","service":"user_service","event":"started","port":50051}
// An event is a short constant in snake_case; what varies stands in fields. Lines about a call that
// is traced end with trace_id and span_id (LogTrace). No credential and no
// personal data is ever logged: ids yes, emails no.
namespace vibestack {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Sets the `service` of the lines that follow. Call it at the start of main, before other threads.
void InitLog(std::string service);

// Sets the lowest level that is written: debug, info (the default), warning or error.
// INVALID_ARGUMENT names the flag --log_level for any other. Thread-safe.
absl::Status SetLogLevel(std::string_view level);

// Writes lines of every level from now on, or again those that SetLogLevel chose. Thread-safe.
void SetVerboseLog(bool verbose);

// Whether lines of `level` are written: one atomic load. Ask first where building fields costs.
bool LogEnabled(LogLevel level);

// Writes one line, with one write to stderr. Fields follow the fixed ones in the given order.
// Invalid UTF-8 is replaced, numbers that JSON lacks (NaN, infinities) become null. Thread-safe.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// While it lives, the lines that this thread writes end with the `trace_id` and `span_id` of that
// context; null for none. Scopes nest. Never across a co_await, which may go on in another thread.
class LogTrace {
 public:
  explicit LogTrace(const TraceContext* context);
  LogTrace(const LogTrace&) = delete;
  LogTrace& operator=(const LogTrace&) = delete;
  ~LogTrace();

 private:
  const TraceContext* const before_;
};

// The same whatever the lowest level is.
void LogAlways(LogLevel level, std::string_view event, std::span<const LogField> fields);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_LOG_H_
