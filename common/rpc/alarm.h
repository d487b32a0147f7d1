#ifndef VIBESTACK_COMMON_RPC_ALARM_H_
#define VIBESTACK_COMMON_RPC_ALARM_H_

#include <grpcpp/alarm.h>

#include <functional>
#include <utility>

#include "absl/time/time.h"
#include "common/async/completion.h"
#include "common/async/task.h"
#include "common/base/exception.h"

namespace vibestack::rpc {

// Calls `callback` at `when`, on a thread of gRPC, unless the alarm is destroyed earlier. The
// destructor does not wait for a callback that runs at that moment, so the callback must own what
// it uses.
//
// gRPC must stay initialised while alarms exist: a running server or grpc_init() ensures that.
// Otherwise gRPC shuts down with the last alarm and loses an alarm that is set at that moment.
class Alarm {
 public:
  Alarm(absl::Time when, std::function<void()> callback) {
    alarm_.Set(absl::ToChronoTime(when), [callback = std::move(callback)](bool fired) {
      if (fired) CatchAll(callback);
    });
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

 private:
  grpc::Alarm alarm_;
};

// Waits until `when` without blocking a thread. The task resumes on a thread of gRPC.
inline Task<void> WaitUntil(absl::Time when) {
  Completion<bool> over;
  const Alarm alarm(when, [&over] { over.Set(true); });
  co_await over;
}

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_ALARM_H_
