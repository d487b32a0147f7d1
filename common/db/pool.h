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
  // Maximum number of tasks that wait for a connection; one more gets RESOURCE_EXHAUSTED.
  size_t max_queued = 1'000;
  // The name of the database in the log.
  const char* role = "primary";
  // Called when the first connection is open and when the last one is lost, on a thread of the
  // pool, one call at a time.
  std::function<void(bool healthy)> on_health = [](bool) {};
  // Called after each task that got a connection, for metrics: how long it waited for the
  // connection and how long it used it. Called on a thread of the pool.
  std::function<void(absl::Duration waited, absl::Duration used)> on_work = [](absl::Duration,
                                                                               absl::Duration) {};
};

// Whether a task may run a second time when its connection broke during the first, so that the
// effect of the first is unknown.
enum class Repeat {
  // The task only reads, or repeating it changes nothing more.
  kSafe,
  kNever,
};

// A pool of connections to PostgreSQL. Each connection has its own thread, which runs the tasks, so
// that the blocking library never blocks a caller.
//
// Broken connections are replaced with backoff and jitter. While there is no connection at all,
// tasks are refused immediately with UNAVAILABLE (DATABASE_UNAVAILABLE) and RetryInfo. Thread-safe.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { Stop(); }

  // Answers waiting tasks with UNAVAILABLE, completes running tasks and joins the threads. May be
  // called twice, but never by a task.
  void Stop();

  // Abandons a database that does not answer: running tasks end with UNAVAILABLE, their effect
  // unknown, and no new ones start. Returns the number of abandoned tasks. Stop() then only waits
  // for a connection that is being opened.
  int GiveUp();

  // Runs `work(session)`, which returns absl::StatusOr<T>, before `deadline` (DEADLINE_EXCEEDED).
  // `work` must own or outlive what it uses. The awaiting task resumes on the thread of the pool
  // that ran the work, so it should soon await something else.
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

  // Pings every idle connection now, so that lost ones are noticed and replaced.
  void Probe();

  // Whether at least one connection is open, to a supported schema.
  bool healthy() const;

  // Whether a task submitted now would get a connection immediately. (Another task may take it
  // first.)
  bool has_idle() const;

  // Why the pool is not healthy, for the log and for readiness; OK while it is healthy and before
  // the first attempt.
  absl::Status health() const;

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
  // unlocking, to avoid a second wait.
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
  // Tries to connect once. On failure waits before the next attempt and returns null; also null
  // after Stop().
  std::unique_ptr<Session> Connect(int& attempt);
  void RecordFailure(const absl::Status& status);
  void PauseBeforeRetry(int attempt);
  // Returns the next task. Nothing when the connection is to be pinged (after the ping interval, or
  // when `probes` differs from probes_) or when the pool stops.
  std::optional<PoolTask> NextTask(const std::shared_ptr<IdleSlot>& slot, uint64_t& probes);
  void AwaitTask(const std::shared_ptr<IdleSlot>& slot, uint64_t probes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Wakes every idle thread, to ping its connection or to stop.
  void WakeIdleThreads() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Runs a task; if its connection broke, runs it again on a new connection where that is safe.
  // `session` is null afterwards if it broke.
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
