#ifndef VIBESTACK_COMMON_AUTH_PASSWORD_POOL_H_
#define VIBESTACK_COMMON_AUTH_PASSWORD_POOL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/base/clock.h"
#include "common/base/secret.h"

namespace vibestack::auth {

// Runs bcrypt on its own threads, at a lower priority than the threads that serve calls. Refuses a
// request at once when the request would miss its deadline.
//
// Each task submits one request and yields the result of HashPassword, VerifyPassword or
// RehashPassword (bcrypt.h), or one of these errors:
//   RESOURCE_EXHAUSTED (PASSWORD_HASHING_BUSY, with RetryInfo): the queue is full or the request
//     would miss its deadline. Usually returned at once, on the submitting thread; later if earlier
//     requests took longer than estimated.
//   DEADLINE_EXCEEDED: the deadline passed in the queue.
//   UNAVAILABLE (SHUTTING_DOWN): the pool stopped first. On the submitting thread if the pool had
//     stopped before the submission.
// All other tasks resume their awaiting tasks one after the other on one thread of the pool, which
// has normal priority, so that no low-priority thread ever holds a lock that an awaiting task
// takes. The awaiting tasks should soon suspend or end.
//
// Thread-safe. Stop may be called repeatedly, by many threads, but not by a task that the pool
// resumed. The pool must outlive the tasks.
class PasswordPool {
 public:
  struct Options {
    int threads = 0;  // 0: the number of cores
    size_t max_queued = 1024;
  };

  // For metrics. `queued` and `running` are current values; the others count since the start.
  struct Stats {
    size_t queued = 0;
    size_t running = 0;
    uint64_t done = 0;     // finished or started
    uint64_t shed = 0;     // refused, since it would miss its deadline
    uint64_t expired = 0;  // dropped from the queue after its deadline
  };

  // Starts the threads. Takes about 5 ms to measure the speed of bcrypt.
  explicit PasswordPool(Options options, const Clock& clock = SystemClock::Instance());
  ~PasswordPool();

  Task<absl::StatusOr<Secret>> Hash(Secret password, int cost, absl::Time deadline);
  // With a `padded_cost`, a wrong password takes at least as long as a hash of that cost
  // (VerifyPasswordPadded).
  Task<absl::StatusOr<bool>> Verify(Secret password, std::string hash, absl::Time deadline,
                                    int padded_cost = 0);
  Task<absl::StatusOr<Secret>> Rehash(Secret password, std::string hash, int cost,
                                      absl::Time deadline);

  // Answers queued requests with UNAVAILABLE, completes running ones, and returns when the tasks
  // that it resumed have suspended or ended. Later requests get UNAVAILABLE.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_, stop_mutex_);

  Stats stats() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // The work of a request: hashes if the status is OK. Returns a function that resumes the awaiting
  // task with the result, or with the status; the callback thread runs it.
  using ReadyCallback = absl::AnyInvocable<void() &&>;
  using Work = absl::AnyInvocable<ReadyCallback(absl::Status) &&>;
  // Submits work of `rounds` rounds, or of at most `rounds` if not `exact`. Yields what `compute`
  // returns, or the error.
  template <typename T, typename Compute>
  Task<absl::StatusOr<T>> Await(double rounds, absl::Time deadline, Compute compute,
                                bool exact = true);
  struct Request {
    double rounds;  // 2^cost; the time is proportional
    absl::Time deadline;
    Work work;
    bool exact;          // its time may serve to measure the speed
    bool waits = false;  // behind other requests
  };

  void Submit(Request request) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns OK when the request may be queued.
  absl::Status Admit(Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns OK when the request can still meet its deadline. Counts the outcome in stats_.
  absl::Status CheckStillInTime(const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration TimeOf(const Request& request) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return time_per_round_ * request.rounds;
  }
  // How long a request submitted now would wait.
  absl::Duration EstimatedWait() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunThread() ABSL_LOCKS_EXCLUDED(mutex_);
  void Run(Request request, absl::Status admission) ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasWorkOrStops() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  }
  void RunCallbacks() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasCallbacks() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return hashing_ended_ || !ready_callbacks_.empty();
  }

  const Clock& clock_;
  const size_t max_queued_;
  const int thread_count_;
  mutable absl::Mutex mutex_;
  std::deque<Request> queue_ ABSL_GUARDED_BY(mutex_);
  double pending_rounds_ ABSL_GUARDED_BY(mutex_) = 0;  // queued and running
  absl::Duration time_per_round_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<ReadyCallback> ready_callbacks_ ABSL_GUARDED_BY(mutex_);
  bool hashing_ended_ ABSL_GUARDED_BY(mutex_) = false;  // no more callbacks are added
  Stats stats_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex stop_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(stop_mutex_);
  std::thread callback_thread_ ABSL_GUARDED_BY(stop_mutex_);
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_PASSWORD_POOL_H_
