#ifndef VIBESTACK_COMMON_HTTP_TRANSFER_H_
#define VIBESTACK_COMMON_HTTP_TRANSFER_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/http/client.h"
#include "common/http/message.h"

namespace vibestack::http {

// One request of a Client and its response: a libcurl handle with its buffers. One thread may use
// it at a time.
class Transfer {
 public:
  using Done = std::function<void(absl::StatusOr<Response>)>;

  // `options` must outlive this. Answer calls `done`.
  Transfer(Request request, absl::Time deadline, const Client::Options& options, Done done);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  absl::Time deadline() const { return deadline_; }
  CURL* handle() const { return handle_.get(); }

  // Creates the handle for a request that starts at `now`. INTERNAL if libcurl refuses.
  absl::Status Prepare(absl::Time now);

  // The response or the error. Call it after libcurl has ended the transfer.
  absl::StatusOr<Response> Outcome(CURLcode code, absl::Time now);

  // Destroys `transfer` and calls its `done` with `outcome`.
  static void Answer(std::unique_ptr<Transfer> transfer, absl::StatusOr<Response> outcome);

 private:
  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  absl::Status MakeHeaders();
  bool SetOptions(absl::Duration left);
  bool SetSafety();
  // libcurl's callbacks. A result other than `size` ends the transfer.
  static size_t OnBody(char* data, size_t, size_t size, void* self);
  static size_t OnHeader(char* data, size_t, size_t size, void* self);
  static int OnProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  bool TakeHeader(std::string_view line);
  // Drops bytes of a body that nobody reads. False if the body is too large or too slow.
  bool DropBody(size_t size);
  // Whether all headers of the response, which is not an informational one (1xx), are here.
  bool HasHead() const;
  int Status() const;

  const Request request_;
  const absl::Time deadline_;
  const Client::Options& options_;
  Done done_;
  // Declared before the handle, which refers to them until its destruction.
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::unique_ptr<CURL, FreeHandle> handle_;
  Response response_;
  size_t header_bytes_ = 0;
  bool headers_complete_ = false;
  size_t dropped_bytes_ = 0;
  absl::Time dropped_since_ = absl::InfiniteFuture();
  bool too_large_ = false;
};

}  // namespace vibestack::http

#endif  // VIBESTACK_COMMON_HTTP_TRANSFER_H_
