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
  // Number of connections, each with its own thread.
  int connections = 8;
  // Maximum number of tasks that wait for a connection. A task beyond it gets RESOURCE_EXHAUSTED.
  size_t max_queued = 1'000;
  // The name of the database in the log.
  const char* role = "primary";
  // Called with true after the first connection opens and with false after the last one is lost.
  // Runs on a thread of the pool, one call at a time.
  std::function<void(bool healthy)> on_health = [](bool) {};
  // For metrics: called after each task that got a connection, with the time that the task waited
  // for the connection and the time that it used it. Runs on a thread of the pool, concurrently.
  std::function<void(absl::Duration waited, absl::Duration used)> on_task_done =
      [](absl::Duration, absl::Duration) {};
};

// Whether the pool may run a task again after its connection broke. Nobody knows then whether the
// first run had an effect.
enum class Repeat {
  // The task is idempotent: it only reads, or a second run changes nothing more.
  kSafe,
  kNever,
};

// A pool of connections to PostgreSQL. Each connection has its own thread, which runs tasks on it,
// so libpqxx never blocks a caller's thread.
//
// Replaces broken connections, with backoff and jitter. While no connection can be opened, refuses
// tasks immediately with UNAVAILABLE (DATABASE_UNAVAILABLE) and RetryInfo. Thread-safe.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { Stop(); }

  // Answers waiting tasks with UNAVAILABLE, completes running tasks and joins the threads. May be
  // called twice, but never by a task.
  void Stop();

  // Abandons a database that does not answer, so that Stop() need not wait for it. Running tasks
  // end with UNAVAILABLE and may have taken effect; no new ones start. Returns the number of
  // running tasks. Stop() then waits only for a connection that is being opened.
  int Abort();

  // Runs `work(session)` on a thread of the pool and returns its result. What `work` uses must live
  // until the returned task ends. The awaiting task resumes on the same thread of the pool, so it
  // should soon await something else.
  //
  // Errors besides those of `work`: DEADLINE_EXCEEDED when `deadline` passed before the work began
  // (afterwards it limits the statements, see Session::SetDeadline), RESOURCE_EXHAUSTED
  // (QUEUE_FULL), UNAVAILABLE (DATABASE_UNAVAILABLE or SHUTTING_DOWN).
  template <typename T>
  Task<absl::StatusOr<T>> Run(absl::Time deadline, Repeat repeat,
                              std::function<absl::StatusOr<T>(Session&)> work) {
    absl::StatusOr<T> outcome = absl::UnknownError("not run");
    Completion<absl::Status> done;
    const TraceContext* const trace = co_await CurrentTrace();
    Submit(PoolTask{deadline, repeat,
                    [&outcome, &work](Session& session) {
                      outcome = work(session);
                      return outcome.status();
                    },
                    [&done](absl::Status status) { done.Set(std::move(status)); }, trace});
    const absl::Status status = co_await done;
    if (!status.ok()) co_return status;
    co_return outcome;
  }

  // Makes the threads ping every idle connection now, so that they notice and replace lost ones.
  // Does not wait.
  void Probe();

  // Whether at least one connection to a supported schema is open.
  bool healthy() const;

  // Whether a task submitted now would get a connection immediately. (Another task may take it
  // first.)
  bool has_idle() const;

  // Why the pool is not healthy, for the log and for readiness. OK while it is healthy and before
  // the first attempt to connect has ended.
  absl::Status health() const;

  // For metrics: open connections (live), those with a running task (busy), waiting tasks, and the
  // connections opened since the start.
  struct Stats {
    int live = 0;
    int busy = 0;
    size_t queued = 0;
    uint64_t connects = 0;
  };
  Stats stats() const;

 private:
  struct PoolTask {
    absl::Time deadline;
    Repeat repeat;
    absl::AnyInvocable<absl::Status(Session&)> run;
    absl::AnyInvocable<void(absl::Status) &&> done;
    const TraceContext* trace = nullptr;  // of the coroutine that waits
    absl::Time submitted_at = absl::Now();
  };

  // Where an idle thread waits for its next task. Shared with the submitter, which signals it after
  // it unlocks mutex_, so that the woken thread need not wait for mutex_.
  struct IdleSlot {
    absl::CondVar woken;
    std::optional<PoolTask> task;
  };

  void Submit(PoolTask task);
  // Queues the task, or assigns it to an idle thread, whose slot the caller then signals. Returns
  // an error when the task is refused.
  absl::Status Assign(PoolTask& task, std::shared_ptr<IdleSlot>& idle_slot);
  // The loop of one thread.
  void Serve();
  // Tries to connect once. After a failure waits for the backoff and returns null; also null after
  // Stop().
  std::unique_ptr<Session> Connect(int& attempt);
  void RecordFailure(const absl::Status& status);
  void PauseBeforeRetry(int attempt);
  // Waits for the next task and returns it. Returns nothing when the pool stops or when the thread
  // must ping its connection: after the ping interval, or when `probes` differs from probes_.
  std::optional<PoolTask> NextTask(const std::shared_ptr<IdleSlot>& slot, uint64_t& probes);
  void AwaitTask(const std::shared_ptr<IdleSlot>& slot, uint64_t probes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Wakes every idle thread, to ping its connection or to stop.
  void WakeIdleThreads() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Runs a task. If its connection breaks, runs it once more on a new connection if Repeat allows
  // that. `session` is null afterwards if it broke.
  void RunTask(PoolTask task, std::unique_ptr<Session>& session);
  absl::Status RunOnce(PoolTask& task, Session& session);
  void Drop(std::unique_ptr<Session>& session);
  // Adds `change` to the number of open connections and reports a change of health.
  void CountLive(int change);
  bool stopping() const;
  // Refuses new tasks and answers the waiting ones.
  void RejectTasks();

  const PoolOptions options_;
  OpenSockets sockets_;
  absl::Mutex health_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);  // orders the calls of on_health
  mutable absl::Mutex mutex_;
  std::deque<PoolTask> queue_ ABSL_GUARDED_BY(mutex_);  // empty while any thread is idle
  std::vector<std::shared_ptr<IdleSlot>> idle_ ABSL_GUARDED_BY(mutex_);  // most recently idle last
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int live_ ABSL_GUARDED_BY(mutex_) = 0;
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t connects_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t probes_ ABSL_GUARDED_BY(mutex_) = 0;  // requests to ping idle connections
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_POOL_H_
