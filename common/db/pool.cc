#include "common/db/pool.h"

#include "common/base/error.h"
#include "common/base/random.h"
#include "common/db/connect_fault.h"
#include "common/db/sql_state.h"
#include "common/telemetry/log.h"

namespace vibestack::db {
namespace {

constexpr absl::Duration kBackoffBase = absl::Milliseconds(50);
constexpr absl::Duration kBackoffLimit = absl::Seconds(2);
// An idle connection is pinged this often, and whenever another one is lost, so that a lost one is
// replaced before it is needed.
constexpr absl::Duration kPingInterval = absl::Seconds(15);

absl::Status StoppedError() { return UnavailableError("SHUTTING_DOWN", "the service is stopping"); }

}  // namespace

Pool::Pool(PoolOptions options) : options_(std::move(options)) {
  for (int i = 0; i < options_.connections; ++i) threads_.emplace_back([this] { Serve(); });
}

void Pool::Refuse() {
  std::deque<Work> refused;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    refused.swap(queue_);
    RaiseAlarm();
  }
  for (Work& work : refused) std::move(work.done)(StoppedError());
}

int Pool::GiveUp() {
  Refuse();
  int under_way = 0;
  {
    absl::MutexLock lock(&mutex_);
    under_way = busy_;
  }
  Log(under_way > 0 ? LogLevel::kError : LogLevel::kInfo, "database_given_up",
      {{"role", options_.role}, {"statements", under_way}});
  sockets_.End();
  return under_way;
}

void Pool::Stop() {
  Refuse();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool Pool::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void Pool::Probe() {
  absl::MutexLock lock(&mutex_);
  RaiseAlarm();
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

void Pool::Submit(Work work) {
  std::shared_ptr<IdleSlot> taker;
  absl::Status placed = Place(work, taker);
  if (!placed.ok()) {
    std::move(work.done)(std::move(placed));
  } else if (taker != nullptr) {
    taker->woken.Signal();
  }
}

absl::Status Pool::Place(Work& work, std::shared_ptr<IdleSlot>& taker) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return StoppedError();
  if (live_ == 0 && !failure_.ok()) return failure_;
  if (queue_.size() >= options_.max_queued) {
    return ResourceExhaustedError("QUEUE_FULL", "too many calls wait for the database");
  }
  if (idle_.empty()) {
    queue_.push_back(std::move(work));
    return absl::OkStatus();
  }
  // To the one who waited least: its connection, and the process of PostgreSQL behind it, are still
  // warm.
  taker = std::move(idle_.back());
  idle_.pop_back();
  ++busy_;
  taker->work = std::move(work);
  return absl::OkStatus();
}

void Pool::Serve() {
  const auto slot = std::make_shared<IdleSlot>();
  std::unique_ptr<Session> session;
  int attempt = 0;
  uint64_t alarms = 0;
  while (!stopping()) {
    if (session == nullptr) {
      session = Connect(attempt);
      continue;
    }
    std::optional<Work> work = NextWork(slot, alarms);
    if (work.has_value()) {
      RunWork(*std::move(work), session);
    } else if (!stopping() && !session->Ping().ok()) {
      Drop(session);
    }
  }
  if (session != nullptr) Drop(session);
}

std::unique_ptr<Session> Pool::Connect(int& attempt) {
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Open(options_.session, &sockets_);
  if (!session.ok()) {
    NoteFailure(session.status());
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
      RaiseAlarm();
    }
  }
  if (is_healthy == was_healthy) return;
  Log(LogLevel::kInfo, is_healthy ? "database_connected" : "database_disconnected",
      {{"role", options_.role}});
  options_.on_health(is_healthy);
}

void Pool::NoteFailure(const absl::Status& status) {
  std::deque<Work> refused;
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
    // Whatever is wrong, callers are to try again later.
    failure_ = absl::IsUnavailable(status) ? status : StatusFromSqlState("");
    refused.swap(queue_);
  }
  for (Work& work : refused) std::move(work.done)(StatusFromSqlState(""));
}

void Pool::PauseBeforeRetry(int attempt) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&stopping_),
                          BackoffWithJitter(attempt, kBackoffBase, kBackoffLimit));
}

std::optional<Pool::Work> Pool::NextWork(const std::shared_ptr<IdleSlot>& slot, uint64_t& alarms) {
  absl::MutexLock lock(&mutex_);
  if (!queue_.empty()) {
    Work work = std::move(queue_.front());
    queue_.pop_front();
    ++busy_;
    return work;
  }
  AwaitWork(slot, alarms);
  // Without one the caller asks its connection for a sign of life.
  if (!slot->work.has_value()) alarms = alarms_;
  return std::exchange(slot->work, std::nullopt);
}

void Pool::AwaitWork(const std::shared_ptr<IdleSlot>& slot, uint64_t alarms) {
  const absl::Time limit = absl::Now() + kPingInterval;
  idle_.push_back(slot);
  while (!slot->work.has_value() && !stopping_ && alarms_ == alarms) {
    if (slot->woken.WaitWithDeadline(&mutex_, limit)) break;
  }
  if (!slot->work.has_value()) std::erase(idle_, slot);
}

void Pool::RaiseAlarm() {
  ++alarms_;
  for (const auto& slot : idle_) slot->woken.Signal();
}

absl::Status Pool::RunOnce(Work& work, Session& session) {
  absl::Status status = session.SetDeadline(work.deadline);
  if (!status.ok()) return status;
  const LogTrace log_trace(work.trace);
  session.TraceBy(work.trace);
  status = work.run(session);
  session.TraceBy(nullptr);
  return status;
}

void Pool::RunWork(Work work, std::unique_ptr<Session>& session) {
  const absl::Time began = absl::Now();
  absl::Status status = RunOnce(work, *session);
  if (session->broken()) {
    Drop(session);
    int first_attempt = 0;
    if (work.repeat == Repeat::kSafe && !stopping()) session = Connect(first_attempt);
    if (session != nullptr) status = RunOnce(work, *session);
    if (session != nullptr && session->broken()) Drop(session);
  }
  {
    absl::MutexLock lock(&mutex_);
    --busy_;
  }
  options_.on_work(began - work.submitted_at, absl::Now() - began);
  std::move(work.done)(std::move(status));
}

void Pool::Drop(std::unique_ptr<Session>& session) {
  session.reset();
  CountLive(-1);
}

}  // namespace vibestack::db
