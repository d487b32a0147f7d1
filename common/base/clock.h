#ifndef VIBESTACK_COMMON_BASE_CLOCK_H_
#define VIBESTACK_COMMON_BASE_CLOCK_H_

#include <atomic>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace vibestack {

// A source of time that tests can replace. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The system clock. The instance lives as long as the process.
class SystemClock final : public Clock {
 public:
  static const Clock& Instance() {
    static const SystemClock clock;
    return clock;
  }
  absl::Time Now() const override { return absl::Now(); }
};

// A clock for tests, which moves only with Advance().
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time start) : micros_(absl::ToUnixMicros(start)) {}
  absl::Time Now() const override { return absl::FromUnixMicros(micros_.load()); }
  void Advance(absl::Duration by) { micros_ += absl::ToInt64Microseconds(by); }

 private:
  std::atomic<int64_t> micros_;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_CLOCK_H_
