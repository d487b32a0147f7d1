#ifndef VIBESTACK_COMMON_TELEMETRY_LOG_H_
#define VIBESTACK_COMMON_TELEMETRY_LOG_H_

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/base/trace_context.h"
#include "common/telemetry/log_value.h"

// Structured log lines on stderr, each one JSON object on its own line:
//   {"time":"2030-01-02T03:04:05.000006Z","level":"info","service":"user_service","event":"started","port":50051}
// An event is a short constant in snake_case; fields hold the variable parts. Lines about a traced
// call end with trace_id and span_id (see LogTrace). Never log a credential or personal data: an id
// is allowed, an email is not.
namespace vibestack {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Sets the field `service` of later lines, and reports exceptions to the log from now on (see
// common/base/exception.h). Call it at the start of main, before other threads.
void InitLog(std::string service);

// Sets the lowest level to write: debug, info (the default), warning or error. INVALID_ARGUMENT
// names the flag --log_level for any other text. Thread-safe.
absl::Status SetLogLevel(std::string_view level);

// `verbose` enables every level; false restores the level of SetLogLevel. Thread-safe.
void SetVerboseLog(bool verbose);

// Whether lines of `level` are written. Takes one atomic load. Ask before you build expensive
// fields.
bool LogEnabled(LogLevel level);

// Writes one line; lines of different threads never mix. `fields` follow the fixed fields, in their
// order. Replaces invalid UTF-8; writes numbers that JSON lacks (NaN, infinities) as null.
// Thread-safe.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// While it lives, the lines of this thread end with the `trace_id` and `span_id` of `context`; null
// for none. Scopes nest. Never hold it across a co_await, which may resume on another thread.
class LogTrace {
 public:
  explicit LogTrace(const TraceContext* context);
  LogTrace(const LogTrace&) = delete;
  LogTrace& operator=(const LogTrace&) = delete;
  ~LogTrace();

 private:
  const TraceContext* const previous_;
};

// As Log, but ignores the lowest level.
void LogAlways(LogLevel level, std::string_view event, std::span<const LogField> fields);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_LOG_H_
