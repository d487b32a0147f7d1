#ifndef VIBESTACK_TESTS_SUPPORT_STREAM_H_
#define VIBESTACK_TESTS_SUPPORT_STREAM_H_

#include <grpcpp/support/client_callback.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/support/client.h"

namespace vibestack::e2e {

// The client of a streaming call. Reads every message as it arrives, on gRPC's threads. The
// destructor cancels the call. Thread-safe.
template <typename Message>
class Stream {
 public:
  // `start(context, reader)` calls the stub's asynchronous method.
  using StartCall =
      std::function<void(grpc::ClientContext* context, grpc::ClientReadReactor<Message>* reader)>;

  Stream(const StartCall& start, const With& with) : reader_(*this) {
    Prepare(context_, with);
    start(&context_, &reader_);
    reader_.Begin();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    Cancel();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Stream::HasEnded));
  }

  void Cancel() { context_.TryCancel(); }

  // The next message; std::nullopt if the stream ends first or none arrives within `limit`.
  std::optional<Message> Next(absl::Duration limit = absl::Seconds(20)) {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &Stream::HasNextOrEnded), limit);
    if (taken_ == messages_.size()) return std::nullopt;
    return messages_[taken_++];
  }

  // The status of the stream; std::nullopt if it does not end within `limit`.
  std::optional<grpc::Status> End(absl::Duration limit = absl::Seconds(20)) {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(this, &Stream::HasEnded), limit);
    return status_;
  }

  // The code and the reason of the end, such as `14 SHUTTING_DOWN`; "open" without an end.
  std::string EndReason(absl::Duration limit = absl::Seconds(20)) {
    const std::optional<grpc::Status> status = End(limit);
    if (!status.has_value()) return "open";
    return std::to_string(status->error_code()) + " " + Reason(*status);
  }

  bool ended() {
    absl::MutexLock lock(&mutex_);
    return HasEnded();
  }
  size_t received() {
    absl::MutexLock lock(&mutex_);
    return messages_.size();
  }

 private:
  class Reader final : public grpc::ClientReadReactor<Message> {
   public:
    explicit Reader(Stream& stream) : stream_(stream) {}
    void Begin() {
      this->StartRead(&message_);
      this->StartCall();
    }
    void OnReadDone(bool ok) override {
      if (!ok) return;
      stream_.Add(std::move(message_));
      message_.Clear();
      this->StartRead(&message_);
    }
    void OnDone(const grpc::Status& status) override { stream_.SetEnd(status); }

   private:
    Stream& stream_;
    Message message_;
  };

  void Add(Message message) {
    absl::MutexLock lock(&mutex_);
    messages_.push_back(std::move(message));
  }
  void SetEnd(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    status_ = status;
  }
  bool HasEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return status_.has_value(); }
  bool HasNextOrEnded() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return taken_ < messages_.size() || HasEnded();
  }

  grpc::ClientContext context_;
  absl::Mutex mutex_;
  std::vector<Message> messages_ ABSL_GUARDED_BY(mutex_);
  size_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<grpc::Status> status_ ABSL_GUARDED_BY(mutex_);
  Reader reader_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_STREAM_H_
