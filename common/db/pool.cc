#include "common/db/pool.h"

#include "common/base/error.h"
#include "common/base/exception.h"
#include "common/base/random.h"
#include "common/db/connect_fault.h"
#include "common/db/sql_state.h"
#include "common/telemetry/log.h"

namespace vibestack::db {
namespace {

constexpr absl::Duration kBackoffBase = absl::Milliseconds(50);
constexpr absl::Duration kBackoffLimit = absl::Seconds(2);
// Idle connections are pinged at this interval, and whenever another one is lost, so that a lost
// connection is replaced before it is needed.
constexpr absl::Duration kPingInterval = absl::Seconds(15);

absl::Status StoppedError() {
  return UnavailableError("SHUTTING_DOWN", "the service is shutting down");
}

}  // namespace

Pool::Pool(PoolOptions options) : options_(std::move(options)) {
  for (int i = 0; i < options_.connections; ++i) threads_.emplace_back([this] { Serve(); });
}

void Pool::RejectTasks() {
  std::deque<PoolTask> rejected;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    rejected.swap(queue_);
    WakeIdleThreads();
  }
  for (PoolTask& task : rejected) std::move(task.done)(StoppedError());
}

int Pool::Abort() {
  RejectTasks();
  int running = 0;
  {
    absl::MutexLock lock(&mutex_);
    running = busy_;
  }
  Log(running > 0 ? LogLevel::kError : LogLevel::kInfo, "database_shutdown_timeout",
      {{"role", options_.role}, {"abandoned_statements", running}});
  sockets_.End();
  return running;
}

void Pool::Stop() {
  RejectTasks();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool Pool::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void Pool::Probe() {
  absl::MutexLock lock(&mutex_);
  WakeIdleThreads();
}

bool Pool::healthy() const {
  absl::MutexLock lock(&mutex_);
  return live_ > 0;
}

bool Pool::has_idle() const {
  absl::MutexLock lock(&mutex_);
  return !idle_.empty();
}

absl::Status Pool::health() const {
  absl::MutexLock lock(&mutex_);
  return live_ > 0 ? absl::OkStatus() : failure_;
}

Pool::Stats Pool::stats() const {
  absl::MutexLock lock(&mutex_);
  return {live_, busy_, queue_.size(), connects_};
}

void Pool::Submit(PoolTask task) {
  std::shared_ptr<IdleSlot> idle_slot;
  absl::Status assigned = Assign(task, idle_slot);
  if (!assigned.ok()) {
    std::move(task.done)(std::move(assigned));
  } else if (idle_slot != nullptr) {
    idle_slot->woken.Signal();
  }
}

absl::Status Pool::Assign(PoolTask& task, std::shared_ptr<IdleSlot>& idle_slot) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return StoppedError();
  if (live_ == 0 && !failure_.ok()) return failure_;
  if (queue_.size() >= options_.max_queued) {
    return ResourceExhaustedError("QUEUE_FULL", "too many calls wait for the database");
  }
  if (idle_.empty()) {
    queue_.push_back(std::move(task));
    return absl::OkStatus();
  }
  // Use the thread that became idle last: its connection and its server process are still warm.
  idle_slot = std::move(idle_.back());
  idle_.pop_back();
  ++busy_;
  idle_slot->task = std::move(task);
  return absl::OkStatus();
}

void Pool::Serve() {
  const auto slot = std::make_shared<IdleSlot>();
  std::unique_ptr<Session> session;
  int attempt = 0;
  uint64_t probes = 0;
  while (!stopping()) {
    if (session == nullptr) {
      session = Connect(attempt);
      continue;
    }
    std::optional<PoolTask> task = NextTask(slot, probes);
    if (task.has_value()) {
      RunTask(*std::move(task), session);
    } else if (!stopping() && !session->Ping().ok()) {
      Drop(session);
    }
  }
  if (session != nullptr) Drop(session);
}

std::unique_ptr<Session> Pool::Connect(int& attempt) {
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(options_.session, &sockets_);
  if (!session.ok()) {
    RecordFailure(session.status());
    PauseBeforeRetry(attempt++);
    return nullptr;
  }
  attempt = 0;
  if (stopping()) return nullptr;
  CountLive(+1);
  return *std::move(session);
}

void Pool::CountLive(int change) {
  absl::MutexLock order(&health_mutex_);
  bool was_healthy = false;
  bool is_healthy = false;
  {
    absl::MutexLock lock(&mutex_);
    was_healthy = live_ > 0;
    live_ += change;
    is_healthy = live_ > 0;
    if (change > 0) {
      ++connects_;
      failure_ = absl::OkStatus();
    } else {
      WakeIdleThreads();
    }
  }
  if (is_healthy == was_healthy) return;
  Log(LogLevel::kInfo, is_healthy ? "database_connected" : "database_disconnected",
      {{"role", options_.role}});
  options_.on_health(is_healthy);
}

void Pool::RecordFailure(const absl::Status& status) {
  std::deque<PoolTask> rejected;
  {
    absl::MutexLock lock(&mutex_);
    if (live_ > 0) return;
    if (failure_.ok()) {
      Log(LogLevel::kError, "database_unavailable",
          {{"role", options_.role},
           {"reason", ErrorReason(status)},
           {"message", std::string(status.message())},
           {"fault", ConnectFaultOf(status)}});
    }
    // Clients should retry later, whatever the cause is.
    failure_ = absl::IsUnavailable(status) ? status : StatusFromSqlState("");
    rejected.swap(queue_);
  }
  for (PoolTask& task : rejected) std::move(task.done)(StatusFromSqlState(""));
}

void Pool::PauseBeforeRetry(int attempt) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_),
                          BackoffWithJitter(attempt, kBackoffBase, kBackoffLimit));
}

std::optional<Pool::PoolTask> Pool::NextTask(const std::shared_ptr<IdleSlot>& slot,
                                             uint64_t& probes) {
  absl::MutexLock lock(&mutex_);
  if (!queue_.empty()) {
    PoolTask task = std::move(queue_.front());
    queue_.pop_front();
    ++busy_;
    return task;
  }
  AwaitTask(slot, probes);
  // Without a task the caller pings its connection.
  if (!slot->task.has_value()) probes = probes_;
  return std::exchange(slot->task, std::nullopt);
}

void Pool::AwaitTask(const std::shared_ptr<IdleSlot>& slot, uint64_t probes) {
  const absl::Time limit = absl::Now() + kPingInterval;
  idle_.push_back(slot);
  while (!slot->task.has_value() && !stopping_ && probes_ == probes) {
    if (slot->woken.WaitWithDeadline(&mutex_, limit)) break;
  }
  if (!slot->task.has_value()) std::erase(idle_, slot);
}

void Pool::WakeIdleThreads() {
  ++probes_;
  for (const auto& slot : idle_) slot->woken.Signal();
}

absl::Status Pool::RunOnce(PoolTask& task, Session& session) {
  absl::Status status = session.SetDeadline(task.deadline);
  if (!status.ok()) return status;
  const LogTrace log_trace(task.trace);
  session.TraceBy(task.trace);
  try {
    status = task.run(session);
  } catch (...) {
    status = InternalErrorFromException();
  }
  session.TraceBy(nullptr);
  return status;
}

void Pool::RunTask(PoolTask task, std::unique_ptr<Session>& session) {
  const absl::Time began = absl::Now();
  absl::Status status = RunOnce(task, *session);
  if (session->broken()) {
    Drop(session);
    int first_attempt = 0;
    if (task.repeat == Repeat::kSafe && !stopping()) session = Connect(first_attempt);
    if (session != nullptr) status = RunOnce(task, *session);
    if (session != nullptr && session->broken()) Drop(session);
  }
  {
    absl::MutexLock lock(&mutex_);
    --busy_;
  }
  CatchAll([&] { options_.on_task_done(began - task.submitted_at, absl::Now() - began); });
  std::move(task.done)(std::move(status));
}

void Pool::Drop(std::unique_ptr<Session>& session) {
  session.reset();
  CountLive(-1);
}

}  // namespace vibestack::db
