#include "user_service/api/run_after_response.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/random.h"
#include "common/rpc/alarm.h"

namespace vibestack::user_service {
namespace {

constexpr absl::Duration kLongestDelay = absl::Milliseconds(70);  // the minimum is half of it

Task<void> RunLater(Task<void> task) {
  co_await rpc::WaitUntil(absl::Now() + BackoffWithJitter(0, kLongestDelay, kLongestDelay));
  co_await task;
}

}  // namespace

void RunAfterResponse(Task<void> task) { Start(RunLater(std::move(task))); }

}  // namespace vibestack::user_service
