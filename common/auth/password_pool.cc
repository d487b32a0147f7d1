#include "common/auth/password_pool.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "common/async/completion.h"
#include "common/auth/bcrypt.h"
#include "common/base/error.h"
#include "common/base/exception.h"

namespace vibestack::auth {
namespace {

constexpr int kNiceBy = 10;  // below the priority of the process
constexpr double kNewSampleWeight = 0.125;
constexpr double kHeadroom = 1.1;                                 // for errors of the estimates
constexpr absl::Duration kResponseTime = absl::Milliseconds(20);  // to send the response
constexpr absl::Duration kMinRetryAfter = absl::Milliseconds(50);
constexpr int kProbeCost = 5;
constexpr int kProbes = 3;

double Rounds(int cost) { return std::ldexp(1.0, std::clamp(cost, 0, kMaxBcryptCost)); }

// Malformed hashes and excessive costs are refused without work.
double RoundsOf(const std::string& hash) {
  const std::optional<BcryptHash> parsed = ParseBcryptHash(hash);
  return parsed.has_value() && parsed->cost <= kMaxBcryptCost ? Rounds(parsed->cost) : 0;
}

int ThreadCount(int wanted) {
  if (wanted > 0) return wanted;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

absl::Duration Since(std::chrono::steady_clock::time_point start) {
  return absl::FromChrono(std::chrono::steady_clock::now() - start);
}

// An estimate, which the first real hashes correct. Takes the best of some attempts, because the
// first attempt in a process also initialises OpenSSL and is far too slow.
absl::Duration MeasureTimePerRound() {
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < kProbes; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto ignored = HashPassword(Secret("probe"), kProbeCost);
    best = std::min(best, Since(start));
  }
  return best / Rounds(kProbeCost);
}

// On Linux a nice level belongs to a thread. If this fails, other calls only get slower.
void LowerThisThreadsPriority() {
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + kNiceBy);
}

absl::Status StoppedError() {
  return UnavailableError("SHUTTING_DOWN", "the service is shutting down");
}

absl::Status BusyError(absl::Duration retry_after) {
  return ResourceExhaustedError("PASSWORD_HASHING_BUSY", "too many passwords are being checked",
                                std::max(retry_after, kMinRetryAfter));
}

absl::Status ExpiredError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                   "the deadline passed before the password was checked");
}

}  // namespace

PasswordPool::PasswordPool(Options options, const Clock& clock)
    : clock_(clock),
      max_queued_(options.max_queued),
      thread_count_(ThreadCount(options.threads)),
      time_per_round_(MeasureTimePerRound()) {
  absl::MutexLock lock(&stop_mutex_);
  for (int i = 0; i < thread_count_; ++i) threads_.emplace_back([this] { RunThread(); });
  callback_thread_ = std::thread([this] { RunCallbacks(); });
}

PasswordPool::~PasswordPool() { Stop(); }

template <typename T, typename Compute>
Task<absl::StatusOr<T>> PasswordPool::Await(double rounds, absl::Time deadline, Compute compute,
                                            bool exact) {
  Completion<absl::StatusOr<T>> done;
  Submit({rounds, deadline,
          [compute = std::move(compute), &done](const absl::Status& status) -> ReadyCallback {
            absl::StatusOr<T> result = status;
            try {
              if (status.ok()) result = compute();
            } catch (...) {
              result = InternalErrorFromException();
            }
            return [&done, result = std::move(result)]() mutable { done.Set(std::move(result)); };
          },
          exact});
  absl::StatusOr<T> result = co_await done;
  co_return result;
}

Task<absl::StatusOr<Secret>> PasswordPool::Hash(Secret password, int cost, absl::Time deadline) {
  return Await<Secret>(Rounds(cost), deadline, [password = std::move(password), cost] {
    return absl::StatusOr<Secret>(HashPassword(password, cost));
  });
}

Task<absl::StatusOr<bool>> PasswordPool::Verify(Secret password, std::string hash,
                                                absl::Time deadline, int padded_cost) {
  const double own_rounds = RoundsOf(hash);
  const double rounds = own_rounds > 0 ? std::max(own_rounds, Rounds(padded_cost)) : 0;
  return Await<bool>(
      rounds, deadline,
      [password = std::move(password), hash = std::move(hash), padded_cost] {
        return VerifyPasswordPadded(password, hash, padded_cost);
      },
      rounds == own_rounds);  // a right password is not padded
}

Task<absl::StatusOr<Secret>> PasswordPool::Rehash(Secret password, std::string hash, int cost,
                                                  absl::Time deadline) {
  return Await<Secret>(Rounds(cost), deadline,
                       [password = std::move(password), hash = std::move(hash), cost] {
                         return absl::StatusOr<Secret>(RehashPassword(password, hash, cost));
                       });
}

void PasswordPool::Submit(Request request) {
  absl::Status status;
  {
    absl::MutexLock lock(&mutex_);
    status = Admit(request);
    if (status.ok()) {
      pending_rounds_ += request.rounds;
      queue_.push_back(std::move(request));
      return;
    }
  }
  std::move(request.work)(std::move(status))();
}

absl::Status PasswordPool::Admit(Request& request) {
  if (stopping_) return StoppedError();
  const absl::Duration wait = EstimatedWait();
  // Admit every request that would start at once: its time corrects a wrong estimate of the speed.
  const bool too_late =
      wait > absl::ZeroDuration() &&
      clock_.Now() + (wait + TimeOf(request)) * kHeadroom + kResponseTime > request.deadline;
  if (queue_.size() >= max_queued_ || too_late) {
    ++stats_.shed;
    return BusyError(wait);
  }
  request.waits = wait > absl::ZeroDuration();
  return absl::OkStatus();
}

absl::Status PasswordPool::CheckStillInTime(const Request& request) {
  const absl::Time now = clock_.Now();
  if (now >= request.deadline) {
    ++stats_.expired;
    return ExpiredError();
  }
  if (request.waits && now + TimeOf(request) + kResponseTime > request.deadline) {
    ++stats_.shed;
    return BusyError(EstimatedWait());
  }
  ++stats_.done;
  return absl::OkStatus();
}

absl::Duration PasswordPool::EstimatedWait() const {
  if (queue_.size() + stats_.running < static_cast<size_t>(thread_count_)) {
    return absl::ZeroDuration();
  }
  return time_per_round_ * pending_rounds_ / thread_count_;
}

void PasswordPool::RunThread() {
  LowerThisThreadsPriority();
  while (true) {
    Request request;
    absl::Status admission;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &PasswordPool::HasWorkOrStops));
      if (stopping_) return;
      request = std::move(queue_.front());
      queue_.pop_front();
      admission = CheckStillInTime(request);
      ++stats_.running;
    }
    Run(std::move(request), std::move(admission));
  }
}

void PasswordPool::Run(Request request, absl::Status admission) {
  const bool measures = admission.ok() && request.rounds > 0 && request.exact;
  const auto start = std::chrono::steady_clock::now();
  ReadyCallback callback = std::move(request.work)(std::move(admission));
  const absl::Duration taken = Since(start);
  absl::MutexLock lock(&mutex_);
  ready_callbacks_.push_back(std::move(callback));
  --stats_.running;
  pending_rounds_ -= request.rounds;
  if (!measures) return;
  time_per_round_ += (taken / request.rounds - time_per_round_) * kNewSampleWeight;
}

void PasswordPool::RunCallbacks() {
  while (true) {
    std::deque<ReadyCallback> callbacks;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &PasswordPool::HasCallbacks));
      if (ready_callbacks_.empty()) return;
      callbacks.swap(ready_callbacks_);
    }
    for (ReadyCallback& callback : callbacks) std::move(callback)();
  }
}

void PasswordPool::Stop() {
  absl::MutexLock stop_lock(&stop_mutex_);
  std::deque<Request> abandoned;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    abandoned.swap(queue_);
  }
  for (Request& request : abandoned) {
    ReadyCallback callback = std::move(request.work)(StoppedError());
    absl::MutexLock lock(&mutex_);
    ready_callbacks_.push_back(std::move(callback));
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  {
    absl::MutexLock lock(&mutex_);
    hashing_ended_ = true;
  }
  if (callback_thread_.joinable()) callback_thread_.join();
}

PasswordPool::Stats PasswordPool::stats() const {
  absl::MutexLock lock(&mutex_);
  Stats stats = stats_;
  stats.queued = queue_.size();
  return stats;
}

}  // namespace vibestack::auth
