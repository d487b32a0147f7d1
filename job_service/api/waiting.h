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

// What waiting calls share.
namespace vibestack::job_service {

// The longest wait of a call.
inline constexpr absl::Duration kMaxWait = absl::Minutes(5);

// When a call that waits for up to `wait` answers at the latest: shortly before its deadline, so
// that the answer arrives in time.
absl::Time WaitEnd(absl::Time call_deadline, absl::Duration wait, absl::Time now);

// Waits until something wakes `waker`, the client goes away, or it is `until`. Holds no thread
// while it waits.
Task<Wake> WaitFor(rpc::Call& call, std::shared_ptr<Waker> waker, absl::Time until);

// When a stream without change events polls next: after a random time of at least half of
// `poll_interval` and at most all of it, so that streams do not poll together. After `failures` in
// a row it polls after a backoff. Never later than the expiry of the caller's token.
absl::Time NextPoll(const auth::Caller& caller, absl::Duration poll_interval, int failures,
                    absl::Time now);

// When a stream without changes sends a sign of life. Not thread-safe.
class Heartbeat {
 public:
  // `interval` is the field of the request, limited to 1 second to 5 minutes. Null: no heartbeats.
  explicit Heartbeat(const google::protobuf::Duration* interval);

  // The stream has sent something.
  void Restart(absl::Time now) { due_ = now + interval_; }
  bool IsDue(absl::Time now) const { return now >= due_; }
  absl::Time due() const { return due_; }

 private:
  absl::Duration interval_;
  absl::Time due_ = absl::InfiniteFuture();
};

// Whether a stream survives this error and retries later: the database or user_service is
// unreachable or busy.
bool IsTransient(const absl::Status& status);

// UNAVAILABLE (SHUTTING_DOWN): ends the streams when the service stops.
absl::Status StoppingError();

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_WAITING_H_
