#include "common/telemetry/log.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/exception.h"
#include "common/telemetry/trace_headers.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace vibestack {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};

// Never destroyed, so that threads may log until the process ends.
struct Sink {
  std::string service;
  std::atomic<size_t> chosen = static_cast<size_t>(LogLevel::kInfo);  // by SetLogLevel
  std::atomic<size_t> lowest =
      static_cast<size_t>(LogLevel::kInfo);  // the lowest level that Log() writes
  absl::Mutex write_mutex;                   // held while a line is written
};

Sink& TheSink() {
  static Sink& sink = *new Sink;
  return sink;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

void WriteText(Writer& writer, std::string_view text) {
  std::string clean;
  if (!IsAscii(text)) {
    clean = ReplaceInvalidUtf8(text);
    text = clean;
  }
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void Write(Writer& writer, std::string_view text) { WriteText(writer, text); }
void Write(Writer& writer, int64_t number) { writer.Int64(number); }
void Write(Writer& writer, uint64_t number) { writer.Uint64(number); }
void Write(Writer& writer, bool yes) { writer.Bool(yes); }
void Write(Writer& writer, double number) {
  if (std::isfinite(number)) {
    writer.Double(number);
  } else {
    writer.Null();
  }
}

void WriteField(Writer& writer, const LogField& field) {
  WriteText(writer, field.key);
  std::visit([&writer](auto value) { Write(writer, value); }, field.value.value());
}

std::string TimeText() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", SystemClock::Instance().Now(),
                          absl::UTCTimeZone());
}

// Writes all of `line` to stderr before another thread's line begins.
void WriteLine(Sink& sink, std::string_view line) {
  const absl::MutexLock lock(&sink.write_mutex);
  while (!line.empty()) {
    const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
    if (written >= 0) {
      line.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      // Another process has made the shared pipe or terminal non-blocking.
      pollfd writable{STDERR_FILENO, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return;  // Nobody reads stderr.
    }
  }
}

thread_local const TraceContext* current_trace = nullptr;

}  // namespace

LogTrace::LogTrace(const TraceContext* context)
    : previous_(std::exchange(current_trace, context)) {}
LogTrace::~LogTrace() { current_trace = previous_; }

void InitLog(std::string service) {
  TheSink().service = std::move(service);
  SetExceptionReporter([](const char* type) {
    Log(LogLevel::kError, "unhandled_exception", {{"type", type}});
  });
}

absl::Status SetLogLevel(std::string_view level) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (level != kLevelNames[i]) continue;
    TheSink().chosen = i;
    TheSink().lowest = i;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("--log_level must be debug, info, warning or error, not \"" +
                                    std::string(level) + "\"");
}

void SetVerboseLog(bool verbose) {
  Sink& sink = TheSink();
  sink.lowest = verbose ? static_cast<size_t>(LogLevel::kDebug) : sink.chosen.load();
}

bool LogEnabled(LogLevel level) {
  return static_cast<size_t>(level) >= TheSink().lowest.load(std::memory_order_relaxed);
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (LogEnabled(level)) LogAlways(level, event, {fields.begin(), fields.size()});
}

void LogAlways(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  const auto index = static_cast<size_t>(level);
  Sink& sink = TheSink();
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  WriteField(writer, {"time", TimeText()});
  WriteField(writer, {"level", kLevelNames[index]});
  WriteField(writer, {"service", sink.service});
  WriteField(writer, {"event", event});
  for (const LogField& field : fields) WriteField(writer, field);
  if (current_trace != nullptr) {
    WriteField(writer, {"trace_id", TraceIdText(*current_trace)});
    WriteField(writer, {"span_id", SpanIdText(*current_trace)});
  }
  writer.EndObject();
  buffer.Put('\n');
  WriteLine(sink, {buffer.GetString(), buffer.GetSize()});
}

}  // namespace vibestack
