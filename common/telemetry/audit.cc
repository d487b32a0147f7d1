#include "common/telemetry/audit.h"

#include <utility>
#include <vector>

#include "common/telemetry/log.h"

namespace vibestack {

void Audit(std::string_view event, std::span<const LogField> fields) {
  std::vector<LogField> all = {{"audit", true}};
  all.insert(all.end(), fields.begin(), fields.end());
  LogAlways(LogLevel::kInfo, event, all);
}

std::optional<uint64_t> AuditGate::Pass() {
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  // (`now` is earlier than `second_` after the clock was set back.)
  if (now < second_ || now - second_ >= absl::Seconds(1)) {
    second_ = now;
    passed_ = 0;
  }
  if (passed_ >= lines_per_second_) {
    ++suppressed_;
    return std::nullopt;
  }
  ++passed_;
  return std::exchange(suppressed_, 0);
}

}  // namespace vibestack
