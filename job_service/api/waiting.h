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

// What waiting and watching calls share.
namespace vibestack::job_service {

// The maximum wait of a call.
inline constexpr absl::Duration kMaxWait = absl::Minutes(5);

// The latest time at which a call that waits for up to `wait` responds. It is shortly before the
// deadline, so that the response arrives in time.
absl::Time WaitEnd(absl::Time call_deadline, absl::Duration wait, absl::Time now);

// Waits until `waker` is woken, the client cancels the call, or `until` by the machine's clock.
// Holds no thread.
Task<Wake> WaitFor(rpc::Call& call, std::shared_ptr<Waker> waker, absl::Time until);

// How long a call that gets no change event waits until its next poll: half of `poll_interval` to
// all of it, at random, so that calls do not poll together. After `failures` failed polls in a row:
// a backoff.
absl::Duration PollPause(absl::Duration poll_interval, int failures);

// When a stream that got no change event polls next: after PollPause, but never later than the
// expiry of the caller's token.
absl::Time NextPoll(const auth::Caller& caller, absl::Duration poll_interval, int failures,
                    absl::Time now);

// The time of the next heartbeat message of a stream without changes. Not thread-safe.
class Heartbeat {
 public:
  // `interval` is the request's field, clamped to 1 second to 5 minutes. Null: no heartbeats.
  explicit Heartbeat(const google::protobuf::Duration* interval);

  // Restarts the interval. Call it after each message of the stream.
  void Restart(absl::Time now) { due_ = now + interval_; }
  bool IsDue(absl::Time now) const { return now >= due_; }
  absl::Time due() const { return due_; }

 private:
  absl::Duration interval_;
  absl::Time due_ = absl::InfiniteFuture();
};

// Whether a call that has begun to wait retries after this error instead of ending: UNAVAILABLE,
// RESOURCE_EXHAUSTED or DEADLINE_EXCEEDED.
bool IsTransient(const absl::Status& status);

// UNAVAILABLE (SHUTTING_DOWN), for streams that end because the service stops.
absl::Status StoppingError();

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_WAITING_H_
