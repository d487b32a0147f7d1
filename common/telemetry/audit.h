#ifndef VIBESTACK_COMMON_TELEMETRY_AUDIT_H_
#define VIBESTACK_COMMON_TELEMETRY_AUDIT_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/telemetry/log_value.h"

// The audit log: events of accounts, passwords and tokens, with the caller and the client address.
// Its lines are log lines of level info with `"audit":true`; --log_level does not hide them. Like
// all log lines they contain ids, never an email, a password or a token.
namespace vibestack {

// Writes one line. `event` is a short constant in snake_case, such as `login_failed`. In the
// handler of a call use rpc::AuditCall, which adds the caller. Thread-safe.
void Audit(std::string_view event, std::span<const LogField> fields);
inline void Audit(std::string_view event, std::initializer_list<LogField> fields) {
  Audit(event, std::span<const LogField>(fields.begin(), fields.size()));
}

// A rate limit for log lines that anybody can cause, so that a flood does not fill the disk. Passes
// `lines_per_second` lines in each second and counts the others. Thread-safe.
class AuditGate {
 public:
  // `clock` must outlive this.
  explicit AuditGate(int lines_per_second, const Clock& clock = SystemClock::Instance())
      : lines_per_second_(lines_per_second), clock_(clock) {}

  // Returns nothing when the caller must omit this line. Otherwise returns the number of lines
  // omitted since the last one that passed, for the field `suppressed`.
  std::optional<uint64_t> Pass() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const int lines_per_second_;
  const Clock& clock_;
  absl::Mutex mutex_;
  absl::Time second_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  int passed_ ABSL_GUARDED_BY(mutex_) = 0;  // lines in that second
  uint64_t suppressed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_AUDIT_H_
