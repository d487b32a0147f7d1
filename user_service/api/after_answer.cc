#include "user_service/api/after_answer.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/random.h"
#include "common/rpc/alarm.h"

namespace vibestack::user_service {
namespace {

constexpr absl::Duration kLongest = absl::Milliseconds(70);  // and half of it at least

Task<void> RunLater(Task<void> work) {
  co_await rpc::WaitUntil(absl::Now() + BackoffWithJitter(0, kLongest, kLongest));
  co_await work;
}

}  // namespace

void StartAfterAnswer(Task<void> work) { Start(RunLater(std::move(work))); }

}  // namespace vibestack::user_service
