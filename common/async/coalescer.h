#ifndef VIBESTACK_COMMON_ASYNC_COALESCER_H_
#define VIBESTACK_COMMON_ASYNC_COALESCER_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/base/error.h"

namespace vibestack {

// The trace context of one batch. Destroyed when the sink has answered the batch.
class BatchTrace {
 public:
  virtual ~BatchTrace() = default;
  virtual const TraceContext* context() const = 0;
};

// The defaults suit statements over single rows.
struct CoalescerOptions {
  // Maximum weight of a batch (Coalescer::Weigh; by default the number of requests). A heavier
  // request forms a batch of its own.
  size_t max_batch = 500;
  // Maximum number of concurrent batches. With more than one, PostgreSQL can flush their commits
  // together.
  int max_in_flight = 2;
  // Maximum number of waiting requests. A request beyond it gets RESOURCE_EXHAUSTED.
  size_t max_queued = 10'000;
  // For metrics: called after each batch, on any thread, with its size and the time that its first
  // request waited.
  std::function<void(size_t batch, absl::Duration waited)> on_batch = [](size_t, absl::Duration) {};
  // Called before each batch with traced callers, with their contexts. Returns the trace context
  // for the sink, or null. Without this function batches are not traced.
  std::function<std::unique_ptr<BatchTrace>(const std::vector<const TraceContext*>& callers)>
      begin_trace = nullptr;
};

// Combines concurrent requests of one kind into batches. There is no timer. While fewer than
// `max_in_flight` batches are in progress, a request runs at once; otherwise it waits in a queue,
// so batches grow with the load.
//
// The sink receives the requests of a batch and answers each of them, in order. When the sink
// returns, for a whole batch, an error that one request may have caused (see IsOneRowsFault), it is
// called again with each half, until the bad request is alone and fails alone. So the sink must not
// have changed anything when it returns such an error. An exception of the sink is INTERNAL for the
// batch. Every request is answered exactly once.
//
// Thread-safe. The destructor calls Close().
template <typename Request, typename Response>
class Coalescer {
 public:
  using Answers = std::vector<absl::StatusOr<Response>>;
  // Answers a batch: one answer for each request, or one error for all. `requests` lives until the
  // task ends; `deadline` is the latest deadline of the requests. Called on any thread,
  // concurrently up to max_in_flight times.
  using Sink = std::function<Task<absl::StatusOr<Answers>>(const std::vector<Request>& requests,
                                                           absl::Time deadline)>;
  using Weigh = std::function<size_t(const Request&)>;

  Coalescer(
      CoalescerOptions options, Sink sink, Weigh weigh = [](const Request&) { return size_t{1}; })
      : options_(std::move(options)), sink_(std::move(sink)), weigh_(std::move(weigh)) {}
  Coalescer(const Coalescer&) = delete;
  Coalescer& operator=(const Coalescer&) = delete;
  ~Coalescer() { Close(); }

  class Submission;
  class Submissions;

  // `co_await coalescer.Submit(request, deadline)` returns absl::StatusOr<Response>. Errors besides
  // those of the sink: RESOURCE_EXHAUSTED (QUEUE_FULL) immediately when too many requests wait,
  // DEADLINE_EXCEEDED when the deadline passed in the queue, UNAVAILABLE (SHUTTING_DOWN) after
  // Close().
  Submission Submit(Request request, absl::Time deadline) {
    return Submission(*this, std::move(request), deadline);
  }

  // `co_await coalescer.SubmitAll(requests, deadline)` returns an absl::StatusOr<Response> for each
  // request, in order. The requests are enqueued together, so that they share batches.
  Submissions SubmitAll(std::vector<Request> requests, absl::Time deadline) {
    return Submissions(*this, std::move(requests), deadline);
  }

  // Answers waiting requests with UNAVAILABLE and waits until no batch is in progress. May be
  // called twice, but never by a sink or a submitting task.
  void Close() {
    std::deque<Submission*> refused;
    {
      absl::MutexLock lock(&mutex_);
      closed_ = true;
      refused.swap(queue_);
    }
    for (Submission* submission : refused) submission->Resolve(ClosedError());
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](int* in_flight) { return *in_flight == 0; }, &in_flight_));
  }

  // The number of waiting requests.
  size_t queued() const {
    absl::MutexLock lock(&mutex_);
    return queue_.size();
  }
  // Whether no request waits and no batch is in progress.
  bool idle() const {
    absl::MutexLock lock(&mutex_);
    return queue_.empty() && in_flight_ == 0;
  }

 private:
  using Batch = std::vector<Submission*>;

  static absl::Status ClosedError() {
    return UnavailableError("SHUTTING_DOWN", "the service is shutting down");
  }

  // Whether one request may have caused the error of a batch.
  static bool IsOneRowsFault(const absl::Status& status) {
    return absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
           absl::IsAlreadyExists(status) || absl::IsNotFound(status);
  }

  // Enqueues as many submissions as fit and starts batches up to max_in_flight. Sets the error of
  // the submissions that do not fit, and returns their number.
  template <typename Range>
  size_t Enqueue(Range& submissions) {
    size_t refused = 0;
    std::vector<Batch> batches;
    {
      absl::MutexLock lock(&mutex_);
      for (Submission& submission : submissions) {
        if (!closed_ && queue_.size() < options_.max_queued) {
          queue_.push_back(&submission);
          continue;
        }
        ++refused;
        submission.answer_ =
            closed_ ? ClosedError()
                    : ResourceExhaustedError("QUEUE_FULL", "too many calls wait for the database");
      }
      while (in_flight_ < options_.max_in_flight && !queue_.empty()) {
        ++in_flight_;
        batches.push_back(TakeBatch());
      }
    }
    for (Batch& batch : batches) Start(Run(std::move(batch)));
    return refused;
  }

  Batch TakeBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Batch batch;
    size_t weight = 0;
    while (!queue_.empty()) {
      const size_t more = weigh_(queue_.front()->request_);
      if (!batch.empty() && weight + more > options_.max_batch) break;
      weight += more;
      batch.push_back(queue_.front());
      queue_.pop_front();
    }
    return batch;
  }

  // Returns the next batch for a slot (one of max_in_flight). When no request waits, releases the
  // slot and returns an empty batch.
  Batch TakeNextOrRelease() {
    absl::MutexLock lock(&mutex_);
    if (queue_.empty()) {
      --in_flight_;
      return {};
    }
    return TakeBatch();
  }

  // Starts a run for `next` and empties it, unless runs are nested too deeply: the limit keeps a
  // sink that answers immediately from growing the stack. (A separate function, because a coroutine
  // that resumes on another thread must not keep a reference to a thread_local.)
  void StartNested(Batch& next) {
    constexpr int kMaxDepth = 8;
    thread_local int depth = 0;
    if (next.empty() || depth == kMaxDepth) return;
    ++depth;
    Start(Run(std::exchange(next, {})));
    --depth;
  }

  // Runs one slot until the queue is empty. Passes the next batch to the sink before it hands out
  // the answers of this one, so that the database never waits for handlers.
  Task<void> Run(Batch batch) {
    while (!batch.empty()) {
      const absl::Time latest = DropExpired(batch);
      Answers answers;
      if (!batch.empty()) {
        absl::StatusOr<Answers> answered = co_await AnswerBatch(batch, latest);
        answers = answered.ok()
                      ? *std::move(answered)
                      : Answers(batch.size(), absl::StatusOr<Response>(answered.status()));
      }
      Batch next = TakeNextOrRelease();
      StartNested(next);
      // After the slot is released Close() may return, so nothing below accesses a member.
      for (size_t i = 0; i < batch.size(); ++i) batch[i]->Resolve(std::move(answers[i]));
      batch = std::move(next);
    }
  }

  // Its task turns an exception into INTERNAL, so that every submission is answered and the slot is
  // released.
  Task<absl::StatusOr<Answers>> AnswerBatch(const Batch& batch, absl::Time latest) {
    const absl::Duration waited = absl::Now() - batch.front()->queued_at_;
    std::vector<Request> requests;
    requests.reserve(batch.size());
    for (Submission* s : batch) requests.push_back(std::move(s->request_));
    std::unique_ptr<BatchTrace> trace = BeginTrace(batch);
    const TraceContext* const context = trace == nullptr ? nullptr : trace->context();
    co_await TraceBy(context);
    Answers answers = co_await Answer(requests, latest);
    trace.reset();
    options_.on_batch(batch.size(), waited);
    co_return answers;
  }

  // Null when no caller is traced.
  std::unique_ptr<BatchTrace> BeginTrace(const Batch& batch) const {
    if (!options_.begin_trace) return nullptr;
    std::vector<const TraceContext*> callers;
    for (const Submission* submission : batch) {
      if (submission->trace_ != nullptr) callers.push_back(submission->trace_);
    }
    return callers.empty() ? nullptr : options_.begin_trace(callers);
  }

  // Answers expired submissions and returns the latest deadline of the others.
  static absl::Time DropExpired(Batch& batch) {
    const absl::Time now = absl::Now();
    absl::Time latest = absl::InfinitePast();
    auto expired = std::stable_partition(batch.begin(), batch.end(),
                                         [now](Submission* s) { return s->deadline_ > now; });
    for (auto it = batch.begin(); it != expired; ++it) latest = std::max(latest, (*it)->deadline_);
    Batch late(expired, batch.end());
    batch.erase(expired, batch.end());
    for (Submission* submission : late) {
      submission->Resolve(MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                                    "the deadline passed while the call waited"));
    }
    return latest;
  }

  // Returns exactly one answer for each request, whatever the sink does.
  Task<Answers> Answer(const std::vector<Request>& requests, absl::Time deadline) {
    absl::StatusOr<Answers> answers = co_await sink_(requests, deadline);
    if (answers.ok() && answers->size() == requests.size()) co_return *std::move(answers);
    const absl::Status error = answers.ok()
                                   ? InternalError("the batch returned a wrong number of answers")
                                   : answers.status();
    if (requests.size() == 1 || !IsOneRowsFault(error)) {
      co_return Answers(requests.size(), absl::StatusOr<Response>(error));
    }
    const auto middle = requests.begin() + static_cast<ptrdiff_t>(requests.size() / 2);
    const std::vector<Request> first(requests.begin(), middle);
    const std::vector<Request> second(middle, requests.end());
    Answers all = co_await Answer(first, deadline);
    Answers rest = co_await Answer(second, deadline);
    std::move(rest.begin(), rest.end(), std::back_inserter(all));
    co_return all;
  }

  const CoalescerOptions options_;
  const Sink sink_;
  const Weigh weigh_;
  mutable absl::Mutex mutex_;
  std::deque<Submission*> queue_ ABSL_GUARDED_BY(mutex_);
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace vibestack

#include "common/async/submissions.h"  // IWYU pragma: export

#endif  // VIBESTACK_COMMON_ASYNC_COALESCER_H_
