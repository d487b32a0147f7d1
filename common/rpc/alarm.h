#ifndef VIBESTACK_COMMON_RPC_ALARM_H_
#define VIBESTACK_COMMON_RPC_ALARM_H_

#include <grpcpp/alarm.h>

#include <functional>
#include <utility>

#include "absl/time/time.h"
#include "common/async/completion.h"
#include "common/async/task.h"

namespace vibestack::rpc {

// Runs a callback at a time, on a thread of gRPC's, unless it is destroyed before. The callback may
// be running while this is destroyed, so it must own what it uses. Something must hold gRPC
// meanwhile, as a process's server does (or grpc_init in a test): it would end with the last alarm
// and lose one that is set while it ends.
class Alarm {
 public:
  Alarm(absl::Time when, std::function<void()> callback) {
    alarm_.Set(absl::ToChronoTime(when), [callback = std::move(callback)](bool fired) {
      if (fired) callback();
    });
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

 private:
  grpc::Alarm alarm_;
};

// Waits without holding a thread; goes on in a thread of gRPC's.
inline Task<void> WaitUntil(absl::Time when) {
  Completion<bool> over;
  const Alarm alarm(when, [&over] { over.Set(true); });
  co_await over;
}

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_ALARM_H_
