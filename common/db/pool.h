#ifndef VIBESTACK_COMMON_DB_POOL_H_
#define VIBESTACK_COMMON_DB_POOL_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/async/completion.h"
#include "common/async/task.h"
#include "common/db/open_sockets.h"
#include "common/db/session.h"

namespace vibestack::db {

struct PoolOptions {
  SessionOptions session;
  // Connections, each with a thread of its own.
  int connections = 8;
  // Works that may wait for a connection; one more is refused with RESOURCE_EXHAUSTED.
  size_t max_queued = 1'000;
  // What the log calls the database.
  const char* role = "primary";
  // Called when the first connection is there and when the last one is lost, on a thread of the
  // pool, one call at a time.
  std::function<void(bool healthy)> on_health = [](bool) {};
  // Called after each work that got a connection, for metrics: how long it waited for one, and how
  // long it had it. On the thread of the pool.
  std::function<void(absl::Duration waited, absl::Duration used)> on_work = [](absl::Duration,
                                                                               absl::Duration) {};
};

// Whether a work may run a second time when its connection broke under it, which leaves its effect
// unknown.
enum class Repeat {
  // It only reads, or repeating it changes nothing more.
  kSafe,
  kNever,
};

// A pool of connections to PostgreSQL. Works run on the pool's threads, one thread and one
// connection each, so that the blocking library never holds up a caller.
//
// Broken connections are replaced with backoff and jitter; while there is none at all, works are
// refused at once with UNAVAILABLE (DATABASE_UNAVAILABLE) and RetryInfo. Thread-safe.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { Stop(); }

  // Answers what waits with UNAVAILABLE, lets running works end, joins the threads. May be called
  // twice. Never from a work.
  void Stop();

  // Gives up on a database that does not answer: what is under way ends with UNAVAILABLE, its
  // effect unknown, and nothing more begins; how many works those were. Stop() then takes no longer
  // than a connection that is being made.
  int GiveUp();

  // Runs `work(session)`, which returns absl::StatusOr<T>, before `deadline` (DEADLINE_EXCEEDED).
  // `work` must own or outlive what it uses. Goes on in the thread of the pool that ran the work:
  // what follows is to be short.
  template <typename T>
  Task<absl::StatusOr<T>> Run(absl::Time deadline, Repeat repeat,
                              std::function<absl::StatusOr<T>(Session&)> work) {
    absl::StatusOr<T> outcome = absl::UnknownError("not run");
    Completion<absl::Status> done;
    const TraceContext* const trace = co_await CurrentTrace();
    Submit(Work{deadline, repeat,
                [&outcome, &work](Session& session) {
                  outcome = work(session);
                  return outcome.status();
                },
                [&done](absl::Status status) { done.Set(std::move(status)); }, trace});
    const absl::Status status = co_await done;
    if (!status.ok()) co_return status;
    co_return outcome;
  }

  // Has every idle connection asked for a sign of life now, not only when its time comes; what is
  // lost is then known and replaced.
  void Probe();

  // Whether at least one connection is live, on a schema that we know.
  bool healthy() const;

  // Whether a work would get a connection at once. (It may be gone when it comes.)
  bool has_idle() const;

  // Why it is not healthy, for the log and for readiness; OK while it is, or before the first try.
  absl::Status health() const;

  struct Stats {
    int live = 0;
    int busy = 0;
    size_t queued = 0;
    uint64_t connects = 0;
  };
  Stats stats() const;

 private:
  struct Work {
    absl::Time deadline;
    Repeat repeat;
    absl::AnyInvocable<absl::Status(Session&)> run;
    absl::AnyInvocable<void(absl::Status) &&> done;
    const TraceContext* trace = nullptr;  // of the task that waits for it
    absl::Time submitted_at = absl::Now();
  };

  // Where an idle thread waits for a work of its own. Shared with whoever signals it, which is done
  // when the mutex is free again: a thread that wakes before would only wait once more, for that.
  struct IdleSlot {
    absl::CondVar woken;
    std::optional<Work> work;
  };

  void Submit(Work work);
  // Moves the work to whoever does it, who is to be woken if it is a `taker`; why not, where nobody
  // does.
  absl::Status Place(Work& work, std::shared_ptr<IdleSlot>& taker);
  // The life of one connection's thread.
  void Serve();
  // One try to connect. On failure waits before the next; null then, and after Stop().
  std::unique_ptr<Session> Connect(int& attempt);
  void NoteFailure(const absl::Status& status);
  void PauseBeforeRetry(int attempt);
  // The next work; none when the idle time is over, there was an alarm (`alarms` is how many this
  // thread knew of) or the pool stops.
  std::optional<Work> NextWork(const std::shared_ptr<IdleSlot>& slot, uint64_t& alarms);
  void AwaitWork(const std::shared_ptr<IdleSlot>& slot, uint64_t alarms)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Has every idle thread ask its connection for a sign of life.
  void RaiseAlarm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Runs a work, once more on a fresh connection where that is safe; `session` is null afterwards
  // if it broke.
  void RunWork(Work work, std::unique_ptr<Session>& session);
  absl::Status RunOnce(Work& work, Session& session);
  void Drop(std::unique_ptr<Session>& session);
  // Counts a connection in or out and tells when that changes the health.
  void CountLive(int change);
  bool stopping() const;
  // Lets no work in any more, and answers those that wait.
  void Refuse();

  const PoolOptions options_;
  OpenSockets sockets_;
  absl::Mutex health_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);  // Orders the calls of on_health.
  mutable absl::Mutex mutex_;
  std::deque<Work> queue_ ABSL_GUARDED_BY(mutex_);  // Empty while any thread idles.
  std::vector<std::shared_ptr<IdleSlot>> idle_ ABSL_GUARDED_BY(mutex_);  // The latest comer last.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int live_ ABSL_GUARDED_BY(mutex_) = 0;
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t connects_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t alarms_ ABSL_GUARDED_BY(mutex_) = 0;  // Lost connections and probes.
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_POOL_H_
