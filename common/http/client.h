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

// A client that POSTs to other programs. Its own thread sends many requests at once (libcurl's
// multi interface) and keeps connections open for later requests.
//
// It speaks http and https only and verifies certificates (TLS 1.2 or later). It does not follow
// redirects, so a body goes to its URL only. It uses no cookies, no proxies from the environment
// and no credentials from .netrc. It decompresses nothing and drops responses above the limit. It
// does not retry, except when the receiver has closed a kept connection. Thread-safe.
class Client {
 public:
  struct Options {
    // Maximum number of concurrent requests; the others wait in the order of their arrival.
    size_t max_concurrent = 16;
    // Maximum number of waiting requests. A request beyond it gets RESOURCE_EXHAUSTED.
    size_t max_queued = 1'000;
    absl::Duration connect_timeout = absl::Seconds(5);
    // The limit of a response's body. (Its headers may take 64 KiB.)
    size_t max_response_bytes = 64UL * 1024;
    // A PEM file with the CA certificates to trust instead of the system's; empty: the system's.
    std::string ca_file = "";
  };

  explicit Client(Options options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // Sends a request and returns the response, whatever its HTTP status is, or an error. With
  // Request::ignores_body, a response is complete with its headers. Errors:
  //   INVALID_ARGUMENT (HTTP_REQUEST_INVALID): as CheckRequest,
  //   UNAVAILABLE (HTTP_UNREACHABLE): no connection, or it broke; the request may have arrived,
  //   UNAVAILABLE (HTTP_UNTRUSTED): the certificate is not trusted; nothing was sent,
  //   DEADLINE_EXCEEDED: no complete response before `deadline`; the request may have arrived,
  //   OUT_OF_RANGE (HTTP_RESPONSE_TOO_LARGE): the response was dropped,
  //   RESOURCE_EXHAUSTED (QUEUE_FULL): too many requests wait; nothing was sent,
  //   UNAVAILABLE (SHUTTING_DOWN): the client was stopped; the request may have arrived,
  //   INTERNAL: libcurl refused to start; nothing was sent.
  // The awaiting task resumes on the client's thread, so its next steps must be short.
  Task<absl::StatusOr<Response>> Send(Request request, absl::Time deadline);

  // Ends every request, also later ones, with UNAVAILABLE, and joins the thread. May be called
  // twice, by one thread at a time, but never on the client's thread.
  void Stop();

 private:
  using Transfers = std::deque<std::unique_ptr<Transfer>>;

  absl::Status Enqueue(std::unique_ptr<Transfer> transfer);
  void Run();
  // This method and those below run on the client's thread. Returns false after Stop().
  bool StartWaiting();
  // Moves waiting transfers whose deadline has passed to `late`, and as many others as may start to
  // `next`.
  void TakeWaiting(Transfers& next, Transfers& late) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Begin(std::unique_ptr<Transfer> transfer);
  // Answers the transfers that have ended. Returns whether there were any.
  bool AnswerEnded();
  // Waits until a connection has an event, a request is enqueued or a waiting request's deadline
  // passes.
  void Poll();
  void AnswerAll();

  const Options options_;
  void* const multi_;  // a CURLM; other threads only wake it up
  std::unordered_map<void*, std::unique_ptr<Transfer>> active_;  // by CURL; only the thread uses it
  absl::Mutex mutex_;
  Transfers waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vibestack::http

#endif  // VIBESTACK_COMMON_HTTP_CLIENT_H_
