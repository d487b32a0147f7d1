#include "common/http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/time/clock.h"
#include "common/async/completion.h"
#include "common/base/error.h"
#include "common/http/transfer.h"

namespace vibestack::http {
namespace {

constexpr absl::Duration kLongestPoll = absl::Minutes(1);
constexpr absl::Duration kLongestActivePoll = absl::Milliseconds(500);

CURLM* MakeMulti() {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* multi = initialized == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) std::abort();  // out of memory
  return multi;
}

absl::Status StoppedError() {
  return UnavailableError("SHUTTING_DOWN", "the service is shutting down");
}

absl::Status LateError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                   "the deadline passed while the request waited to be sent");
}

}  // namespace

Client::Client(Options options)
    : options_(std::move(options)), multi_(MakeMulti()), thread_([this] { Run(); }) {}

Client::~Client() { Stop(); }

Task<absl::StatusOr<Response>> Client::Send(Request request, absl::Time deadline) {
  const absl::Status valid = CheckRequest(request);
  if (!valid.ok()) co_return valid;
  Completion<absl::StatusOr<Response>> done;
  auto transfer = std::make_unique<Transfer>(
      std::move(request), deadline, options_,
      [&done](absl::StatusOr<Response> outcome) { done.Set(std::move(outcome)); });
  const absl::Status queued = Enqueue(std::move(transfer));
  if (!queued.ok()) co_return queued;
  absl::StatusOr<Response> response = co_await done;
  co_return response;
}

absl::Status Client::Enqueue(std::unique_ptr<Transfer> transfer) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return StoppedError();
  if (waiting_.size() >= options_.max_queued) {
    return ResourceExhaustedError("QUEUE_FULL", "too many requests wait to be sent");
  }
  waiting_.push_back(std::move(transfer));
  // Hold the lock, because Stop() may destroy the handle.
  curl_multi_wakeup(multi_);
  return absl::OkStatus();
}

void Client::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (!stopping_) curl_multi_wakeup(multi_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void Client::Run() {
  while (StartWaiting()) {
    int running = 0;
    curl_multi_perform(multi_, &running);
    if (!AnswerEnded()) Poll();
  }
  AnswerAll();
  curl_multi_cleanup(multi_);
}

bool Client::StartWaiting() {
  Transfers next;
  Transfers late;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return false;
    TakeWaiting(next, late);
  }
  for (auto& transfer : next) Begin(std::move(transfer));
  for (auto& transfer : late) Transfer::Answer(std::move(transfer), LateError());
  return true;
}

void Client::TakeWaiting(Transfers& next, Transfers& late) {
  const absl::Time now = absl::Now();
  Transfers rest;
  for (auto& transfer : waiting_) {
    if (transfer->deadline() <= now) {
      late.push_back(std::move(transfer));
    } else if (active_.size() + next.size() < options_.max_concurrent) {
      next.push_back(std::move(transfer));
    } else {
      rest.push_back(std::move(transfer));
    }
  }
  waiting_ = std::move(rest);
}

void Client::Begin(std::unique_ptr<Transfer> transfer) {
  absl::Status prepared = transfer->Prepare(absl::Now());
  if (prepared.ok() && curl_multi_add_handle(multi_, transfer->handle()) != CURLM_OK) {
    prepared = InternalError("libcurl could not start the request");
  }
  if (!prepared.ok()) {
    Transfer::Answer(std::move(transfer), prepared);
    return;
  }
  CURL* handle = transfer->handle();
  active_.emplace(handle, std::move(transfer));
}

bool Client::AnswerEnded() {
  bool any = false;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CURL* handle = message->easy_handle;  // removing the handle invalidates the message
    curl_multi_remove_handle(multi_, handle);
    auto ended = active_.extract(handle);
    absl::StatusOr<Response> outcome = ended.mapped()->Outcome(code, absl::Now());
    Transfer::Answer(std::move(ended.mapped()), std::move(outcome));
    any = true;
  }
  return any;
}

void Client::Poll() {
  // While there are transfers, libcurl must run often enough to notice a silent body.
  absl::Time until = absl::Now() + (active_.empty() ? kLongestPoll : kLongestActivePoll);
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& transfer : waiting_) until = std::min(until, transfer->deadline());
  }
  const absl::Duration left = std::max(absl::ZeroDuration(), until - absl::Now());
  curl_multi_poll(multi_, nullptr, 0,
                  static_cast<int>(absl::ToInt64Milliseconds(left + absl::Milliseconds(1))),
                  nullptr);
}

void Client::AnswerAll() {
  Transfers rest;
  {
    absl::MutexLock lock(&mutex_);
    rest.swap(waiting_);
  }
  for (auto& [handle, transfer] : active_) {
    curl_multi_remove_handle(multi_, handle);
    rest.push_back(std::move(transfer));
  }
  active_.clear();
  for (auto& transfer : rest) Transfer::Answer(std::move(transfer), StoppedError());
}

}  // namespace vibestack::http
