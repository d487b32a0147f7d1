#ifndef VIBESTACK_JOB_SERVICE_API_WAITING_H_
#define VIBESTACK_JOB_SERVICE_API_WAITING_H_

#include <google/protobuf/duration.pb.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/caller.h"
#include "common/rpc/call.h"
#include "job_service/subscriptions/job_subscriptions.h"

// What calls that wait have in common.
namespace vibestack::job_service {

// The longest wait that is granted.
inline constexpr absl::Duration kLongestWait = absl::Minutes(5);

// When a call that wants to wait for `wait` must answer: a little before its own deadline, so that
// the answer arrives.
absl::Time WaitEnd(absl::Time call_deadline, absl::Duration wait, absl::Time now);

// Waits until `waker` is woken or it is `until`; a client that goes away wakes it, too. Holds no
// thread meanwhile.
Task<Wake> WaitFor(rpc::Call& call, std::shared_ptr<Waker> waker, absl::Time until);

// When a stream that hears no news looks for itself: after half to all of `poll_interval`, at
// another time each, so that streams that began together do not look together; sooner after
// `failures` that passed; never later than when its caller's token expires.
absl::Time NextLook(const auth::Caller& caller, absl::Duration poll_interval, int failures,
                    absl::Time now);

// When a stream that has nothing new to tell says that it is alive. Not thread-safe.
class Heartbeat {
 public:
  // By a request's field: the time between two, cut to between 1 second and 5 minutes; none where
  // it is null.
  explicit Heartbeat(const google::protobuf::Duration* interval);

  // Something was sent.
  void Restart(absl::Time now) { due_ = now + interval_; }
  bool IsDue(absl::Time now) const { return now >= due_; }
  absl::Time due() const { return due_; }

 private:
  absl::Duration interval_;
  absl::Time due_ = absl::InfiniteFuture();
};

// Whether a stream that meets this error stays open and looks again later: the database or
// user_service is away or busy.
bool IsPassing(const absl::Status& status);

// UNAVAILABLE (SHUTTING_DOWN): what ends streams when the service stops.
absl::Status StoppingError();

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_WAITING_H_
