#ifndef VIBESTACK_COMMON_ASYNC_SUBMISSIONS_H_
#define VIBESTACK_COMMON_ASYNC_SUBMISSIONS_H_

// The awaitables of Coalescer. Include coalescer.h, not this file.

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/async/coalescer.h"

namespace vibestack {

// One submitted request. Lives in the frame of the awaiting task.
template <typename Request, typename Response>
class Coalescer<Request, Response>::Submission {
 public:
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    handle_ = handle;
    trace_ = handle.promise().trace;
    // Once this is enqueued, another thread may resolve and free it at any time.
    std::span<Submission, 1> alone(this, 1);
    return coalescer_.Enqueue(alone) == 0;
  }
  absl::StatusOr<Response> await_resume() { return std::move(answer_); }

 private:
  friend class Coalescer;

  Submission(Coalescer& coalescer, Request request, absl::Time deadline)
      : coalescer_(coalescer), request_(std::move(request)), deadline_(deadline) {}

  void Resolve(absl::StatusOr<Response> answer) {
    answer_ = std::move(answer);
    if (group_ == nullptr) {
      handle_.resume();
    } else {
      group_->CountAnswers(1);
    }
  }

  Coalescer& coalescer_;
  Request request_;
  const absl::Time deadline_;
  const absl::Time queued_at_ = absl::Now();
  absl::StatusOr<Response> answer_ = absl::UnknownError("not answered");
  // The result goes to `group_` if it is set, otherwise to `handle_`.
  std::coroutine_handle<> handle_;
  Submissions* group_ = nullptr;
  const TraceContext* trace_ = nullptr;  // of the awaiting task, which keeps it alive
};

// Several submitted requests. Lives in the frame of the awaiting task.
template <typename Request, typename Response>
class Coalescer<Request, Response>::Submissions {
 public:
  bool await_ready() const noexcept { return submissions_.empty(); }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    handle_ = handle;
    for (Submission& submission : submissions_) {
      submission.group_ = this;
      submission.trace_ = handle.promise().trace;
    }
    const size_t refused = coalescer_.Enqueue(submissions_);
    // Once the last answer is counted, another thread may resume the task and free this at any
    // time.
    return unanswered_.fetch_sub(refused + 1) != refused + 1;
  }
  std::vector<absl::StatusOr<Response>> await_resume() {
    std::vector<absl::StatusOr<Response>> answers;
    answers.reserve(submissions_.size());
    for (Submission& submission : submissions_) answers.push_back(std::move(submission.answer_));
    return answers;
  }

 private:
  friend class Coalescer;

  Submissions(Coalescer& coalescer, std::vector<Request> requests, absl::Time deadline)
      : coalescer_(coalescer), unanswered_(requests.size() + 1) {
    for (Request& request : requests) {
      submissions_.push_back(coalescer.Submit(std::move(request), deadline));
    }
  }

  void CountAnswers(size_t count) {
    if (unanswered_.fetch_sub(count) == count) handle_.resume();
  }

  Coalescer& coalescer_;
  std::deque<Submission> submissions_;
  // Unanswered requests, plus one until all are enqueued.
  std::atomic<size_t> unanswered_;
  std::coroutine_handle<> handle_;
};

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_ASYNC_SUBMISSIONS_H_
