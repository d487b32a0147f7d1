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
#include "common/base/clock.h"
#include "common/base/secret.h"

namespace vibestack::auth {

// bcrypt on threads of its own, which run at a lower priority than those that serve other calls.
// Work that would come too late is refused at once instead of being queued.
//
// Every callback is called exactly once, with the result or with
//   what HashPassword, VerifyPassword and RehashPassword (bcrypt.h) return,
//   RESOURCE_EXHAUSTED (PASSWORD_HASHING_BUSY, RetryInfo): the queue is full, or its turn would
//     come too late for its deadline; called by the submitting thread before the call returns, or
//     when its turn comes after all the others took longer than they should have,
//   DEADLINE_EXCEEDED: the deadline passed in the queue,
//   UNAVAILABLE (SHUTTING_DOWN): stopped before its turn; called by the submitting thread where it
//     was stopped already.
// Callbacks run one after the other otherwise, on a thread of the pool that has the priority of
// other calls: whatever lock they take is not held by a thread that is kept waiting. They should be
// short.
//
// Thread-safe. Stop may be called often, by many threads, but not by a callback.
class PasswordPool {
 public:
  struct Options {
    int threads = 0;  // 0 means as many as the machine has cores
    size_t max_queued = 1024;
  };

  // How it is doing, for metrics. The first two are of the moment, the others count from the start.
  struct Stats {
    size_t queued = 0;
    size_t running = 0;
    uint64_t done = 0;     // or begun
    uint64_t shed = 0;     // refused, since it would come too late
    uint64_t expired = 0;  // dropped from the queue, too late
  };

  using HashCallback = absl::AnyInvocable<void(absl::StatusOr<std::string>) &&>;
  using VerifyCallback = absl::AnyInvocable<void(absl::StatusOr<bool>) &&>;

  // Starts the threads. Takes some 5 ms to measure how fast they will be.
  explicit PasswordPool(Options options, const Clock& clock = SystemClock::Instance());
  ~PasswordPool();

  void Hash(Secret password, int cost, absl::Time deadline, HashCallback done);
  // With a `padded_cost` as VerifyPasswordPadded, else as VerifyPassword.
  void Verify(Secret password, std::string hash, absl::Time deadline, VerifyCallback done,
              int padded_cost = 0);
  void Rehash(Secret password, std::string hash, int cost, absl::Time deadline, HashCallback done);

  // Answers what is queued with UNAVAILABLE, lets what is running end, and returns when all
  // callbacks have returned. Everything submitted later is answered with UNAVAILABLE.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_, stop_mutex_);

  Stats stats() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Hashes when the status is OK. Split in two: `work` returns what answers with the result, or
  // with the status, for the other thread.
  using Answer = absl::AnyInvocable<void() &&>;
  using Work = absl::AnyInvocable<Answer(absl::Status) &&>;
  // Work of that many rounds, or, where it is not `exact`, of so many at most, that ends with a
  // result for `done`.
  template <typename T, typename Callback, typename Compute>
  void SubmitFor(double rounds, absl::Time deadline, Callback done, Compute compute,
                 bool exact = true);
  struct Task {
    double rounds;  // 2^cost, what its time is proportional to
    absl::Time deadline;
    Work work;
    bool exact;          // by its time the speed may be measured
    bool waits = false;  // for others
  };

  void Submit(Task task) ABSL_LOCKS_EXCLUDED(mutex_);
  // OK when the task may be queued.
  absl::Status Admit(Task& task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // OK when the task, whose turn it is, can still be in time; counts what becomes of it.
  absl::Status CheckStillInTime(const Task& task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration TimeOf(const Task& task) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return time_per_round_ * task.rounds;
  }
  // How long a task submitted now would wait for its turn.
  absl::Duration EstimatedWait() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunThread() ABSL_LOCKS_EXCLUDED(mutex_);
  void Run(Task task, absl::Status fate) ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasWorkOrStops() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  }
  void GiveAnswers() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasAnswers() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return hashing_ended_ || !answers_.empty();
  }

  const Clock& clock_;
  const size_t max_queued_;
  const int thread_count_;
  mutable absl::Mutex mutex_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  double pending_rounds_ ABSL_GUARDED_BY(mutex_) = 0;  // queued and running
  absl::Duration time_per_round_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Answer> answers_ ABSL_GUARDED_BY(mutex_);
  bool hashing_ended_ ABSL_GUARDED_BY(mutex_) = false;  // no more answers come
  Stats stats_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex stop_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(stop_mutex_);
  std::thread answering_thread_ ABSL_GUARDED_BY(stop_mutex_);
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_PASSWORD_POOL_H_
