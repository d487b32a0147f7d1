#ifndef VIBESTACK_COMMON_HTTP_CLIENT_H_
#define VIBESTACK_COMMON_HTTP_CLIENT_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/http/message.h"

namespace vibestack::http {

class Transfer;

// Sends requests to other programs, many at once on one thread of its own (libcurl's multi
// interface), and keeps connections open for the next ones.
//
// Strict by default: only http and https; certificates are verified (TLS 1.2 or later); a redirect
// is an answer like any other and not followed, so that a body goes nowhere but to its URL; no
// cookies, no proxies of the environment, no credentials of .netrc; nothing is decompressed, and
// an answer past the bound is dropped. Nothing is sent twice by itself, but for a kept connection
// that the other side has closed meanwhile. Thread-safe.
class Client {
 public:
  struct Options {
    // Requests under way at once; the others wait in their order.
    size_t max_concurrent = 16;
    // Requests that may wait; one more is refused.
    size_t max_queued = 1'000;
    absl::Duration connect_timeout = absl::Seconds(5);
    // Of an answer's body. (Its headers may take 64 KiB.)
    size_t max_response_bytes = 64UL * 1024;
    // A PEM file with the certificates to trust instead of the system's.
    std::string ca_file = "";
  };

  explicit Client(Options options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // The answer, whatever its status is, or
  //   INVALID_ARGUMENT (HTTP_REQUEST_INVALID): as CheckRequest,
  //   UNAVAILABLE (HTTP_UNREACHABLE): no connection, or it broke; the request may have arrived,
  //   UNAVAILABLE (HTTP_UNTRUSTED): the certificate is not to be trusted; nothing was sent,
  //   DEADLINE_EXCEEDED: no whole answer before `deadline`; the request may have arrived,
  //   OUT_OF_RANGE (HTTP_RESPONSE_TOO_LARGE): the answer was dropped,
  //   RESOURCE_EXHAUSTED (QUEUE_FULL): too many wait; nothing was sent,
  //   UNAVAILABLE (SHUTTING_DOWN): stopped; the request may have arrived,
  //   INTERNAL: libcurl refused to begin; nothing was sent.
  // Goes on in the client's thread: what follows is to be short.
  Task<absl::StatusOr<Response>> Send(Request request, absl::Time deadline);

  // Answers everything with UNAVAILABLE, also later, and joins the thread. May be called twice, by
  // one thread at a time, but not by what goes on after Send.
  void Stop();

 private:
  using Transfers = std::deque<std::unique_ptr<Transfer>>;

  absl::Status Enqueue(std::unique_ptr<Transfer> transfer);
  void Run();
  // Of the client's thread, as all below. False once stopped.
  bool StartWaiting();
  // Waiting transfers whose deadline has passed go to `late`, others, as many as may be, to `next`.
  void TakeWaiting(Transfers& next, Transfers& late) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Begin(std::unique_ptr<Transfer> transfer);
  // Answers what has ended; whether anything had.
  bool AnswerEnded();
  // Until something happens on a connection, something is enqueued or a waiting deadline passes.
  void Poll();
  void AnswerAll();

  const Options options_;
  void* const multi_;  // a CURLM, of the thread but for its wake-up
  std::unordered_map<void*, std::unique_ptr<Transfer>> active_;  // by CURL; of the thread
  absl::Mutex mutex_;
  Transfers waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vibestack::http

#endif  // VIBESTACK_COMMON_HTTP_CLIENT_H_
