#include "common/rpc/server_stream.h"

#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

#include "common/async/completion.h"
#include "common/rpc/grpc_status.h"
#include "tests/unit/rpc/probe_server.h"

namespace vibestack::rpc {
namespace {

using test::Probe;
using Reader = std::unique_ptr<grpc::ClientReader<Probe>>;

class ServerStreamTest : public ProbeServer {
 protected:
  // Reads and drops the answers of a stream and returns its final status.
  static absl::Status Drain(const Reader& reader) {
    Probe probe;
    while (reader->Read(&probe)) continue;
    return FromGrpcStatus(reader->Finish());
  }

  // Opens a stream, reads one answer and cancels.
  void LeaveAfterOneAnswer() {
    const Reader reader = stub_->OpenStream(&context_, {});
    Probe probe;
    ASSERT_TRUE(reader->Read(&probe));
    context_.TryCancel();
    EXPECT_TRUE(absl::IsCancelled(Drain(reader)));
  }

  static Probe WithText(std::string text) {
    Probe probe;
    probe.set_text(std::move(text));
    return probe;
  }

  grpc::ClientContext context_;
};

// A handler that waits until its client cancels.
Task<absl::Status> WaitForCancel(Call& call) {
  auto wakeup = std::make_shared<Wakeup<int>>();
  call.OnCancel([wakeup] { wakeup->Notify(1); });
  co_await wakeup->Wait();
  co_return ClientGoneError();
}

// A handler that writes until a write fails.
Task<absl::Status> WriteForEver(ServerStream<Probe>& stream, Probe probe) {
  while (true) {
    absl::Status written = co_await stream.Write(probe);
    if (!written.ok()) co_return written;
  }
}

TEST_F(ServerStreamTest, AnswersArriveInOrderAndThenTheStatusWithItsDetails) {
  StartStreams([](Call&, const Probe& request, ServerStream<Probe>& stream) -> Task<absl::Status> {
    for (const char* part : {" one", " two", ""}) {
      const Probe answer = WithText(request.text() + part);
      const absl::Status written = co_await stream.Write(answer);
      if (!written.ok()) co_return written;
    }
    co_return NotFoundError("job", "x");
  });
  const Reader reader = stub_->OpenStream(&context_, WithText("asked"));
  Probe probe;
  std::vector<std::string> texts;
  while (reader->Read(&probe)) texts.push_back(probe.text());
  EXPECT_EQ(texts, (std::vector<std::string>{"asked one", "asked two", "asked"}));
  EXPECT_EQ(FromGrpcStatus(reader->Finish()), NotFoundError("job", "x"));
}

TEST_F(ServerStreamTest, StreamsAreAuthorizedLikeOtherCalls) {
  StartStreams([](Call& call, const Probe&, ServerStream<Probe>& stream) -> Task<absl::Status> {
    const Probe answer = WithText(call.caller().user_id);
    co_return co_await stream.Write(answer);
  });
  EXPECT_EQ(ErrorReason(Drain(stub_->StreamForUsers(&context_, {}))), "TOKEN_MISSING");
  grpc::ClientContext with_token;
  with_token.AddMetadata("authorization", "Bearer user");
  const Reader reader = stub_->StreamForUsers(&with_token, {});
  Probe probe;
  ASSERT_TRUE(reader->Read(&probe));
  EXPECT_EQ(probe.text(), "user");
  EXPECT_TRUE(Drain(reader).ok());
  grpc::ClientContext unbound;
  EXPECT_TRUE(absl::IsUnimplemented(Drain(stub_->UnboundStream(&unbound, {}))));
}

TEST_F(ServerStreamTest, AHandlerWritesAsFastAsTheClientReads) {
  constexpr int kMessages = 100;
  std::atomic<int> written = 0;
  StartStreams([&](Call&, const Probe&, ServerStream<Probe>& stream) -> Task<absl::Status> {
    const Probe answer = WithText(std::string(1 << 20, 'x'));
    for (int i = 0; i < kMessages; ++i) {
      absl::Status status = co_await stream.Write(answer);
      if (!status.ok()) co_return status;
      ++written;
    }
    co_return absl::OkStatus();
  });
  const Reader reader = stub_->OpenStream(&context_, {});
  Probe probe;
  for (int read = 1; reader->Read(&probe); ++read) EXPECT_LT(written - read, 40);
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(written, kMessages);
}

TEST_F(ServerStreamTest, AWriteFailsWhenTheClientWentAwayOrItsDeadlinePassed) {
  absl::Mutex mutex;
  std::vector<absl::Status> ended;
  StartStreams([&](Call&, const Probe&, ServerStream<Probe>& stream) -> Task<absl::Status> {
    absl::Status status = co_await WriteForEver(stream, WithText(std::string(1 << 16, 'x')));
    absl::MutexLock lock(&mutex);
    ended.push_back(status);
    co_return status;
  });
  LeaveAfterOneAnswer();
  grpc::ClientContext hasty;
  hasty.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(Drain(stub_->OpenStream(&hasty, {}))));
  absl::MutexLock lock(&mutex);
  EXPECT_TRUE(mutex.AwaitWithTimeout(
      absl::Condition(
          +[](std::vector<absl::Status>* all) { return all->size() == 2; }, &ended),
      absl::Seconds(30)));
  for (const absl::Status& status : ended) EXPECT_EQ(status, ClientGoneError());
}

TEST_F(ServerStreamTest, AStreamThatWaitsHearsThatItsClientWentAway) {
  absl::Notification ended;
  StartStreams([&](Call& call, const Probe&, ServerStream<Probe>& stream) -> Task<absl::Status> {
    const Probe answer;
    const absl::Status written = co_await stream.Write(answer);
    if (!written.ok()) co_return written;
    absl::Status status = co_await WaitForCancel(call);
    ended.Notify();
    co_return status;
  });
  LeaveAfterOneAnswer();
  EXPECT_TRUE(ended.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

TEST_F(ServerStreamTest, ABanIsSeenWhenTheCallIsReauthorized) {
  auto banned = std::make_shared<Wakeup<int>>();
  StartStreams([&](Call&, const Probe&, ServerStream<Probe>& stream) -> Task<absl::Status> {
    const absl::Status before = co_await stream.Reauthorize();
    if (!before.ok()) co_return before;
    const Probe answer;
    const absl::Status written = co_await stream.Write(answer);
    if (!written.ok()) co_return written;
    co_await banned->Wait();
    co_return co_await stream.Reauthorize();
  });
  context_.AddMetadata("authorization", "Bearer user");
  const Reader reader = stub_->StreamForUsers(&context_, {});
  Probe probe;
  ASSERT_TRUE(reader->Read(&probe));
  active_ = false;
  banned->Notify(1);
  EXPECT_EQ(ErrorReason(Drain(reader)), "ACCOUNT_INACTIVE");
}

TEST_F(ServerStreamTest, ShutdownEndsStreamsThatWriteAndStreamsThatWait) {
  StartStreams(
      [&](Call& call, const Probe& request, ServerStream<Probe>& stream) -> Task<absl::Status> {
        const Probe answer = WithText(std::string(1 << 16, 'x'));
        const absl::Status written = co_await stream.Write(answer);
        if (!written.ok()) co_return written;
        if (request.text() == "wait") co_return co_await WaitForCancel(call);
        co_return co_await WriteForEver(stream, answer);
      });
  grpc::ClientContext other;
  const Reader waits = stub_->OpenStream(&context_, WithText("wait"));
  const Reader writes = stub_->OpenStream(&other, WithText("write"));
  Probe probe;
  ASSERT_TRUE(waits->Read(&probe));
  ASSERT_TRUE(writes->Read(&probe));
  server_->Shutdown(absl::Milliseconds(1));
  EXPECT_FALSE(Drain(waits).ok());
  EXPECT_FALSE(Drain(writes).ok());
}

// A client of one stream. Cancels the stream after `cancel_after` answers if that is not 0.
class Watcher : public grpc::ClientReadReactor<Probe> {
 public:
  Watcher(test::ProbeService::Stub& stub, int cancel_after, absl::BlockingCounter& ended)
      : cancel_after_(cancel_after), ended_(ended) {
    stub.async()->OpenStream(&context_, &request_, this);
    StartRead(&answer_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (++read_ == cancel_after_) context_.TryCancel();
    StartRead(&answer_);
  }
  void OnDone(const grpc::Status& status) override {
    status_ = status;
    ended_.DecrementCount();
  }

  const int cancel_after_;
  absl::BlockingCounter& ended_;
  grpc::ClientContext context_;
  Probe request_;
  Probe answer_;
  int read_ = 0;
  grpc::Status status_;
};

TEST_F(ServerStreamTest, ManyStreamsEndEachInItsOwnWay) {
  constexpr int kStreams = 1'000;
  constexpr int kAnswers = 20;
  std::atomic<int> begun = 0;
  std::atomic<int> over = 0;
  StartStreams([&](Call&, const Probe&, ServerStream<Probe>& stream) -> Task<absl::Status> {
    ++begun;
    absl::Status status;
    for (int i = 0; status.ok() && i < kAnswers; ++i) {
      const Probe answer = WithText(std::to_string(i));
      status = co_await stream.Write(answer);
    }
    ++over;
    co_return status;
  });
  absl::BlockingCounter ended(kStreams);
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < kStreams; ++i) {
    // Every other client cancels, each after another number of answers.
    const int cancel_after = i % 2 == 0 ? 0 : 1 + i % kAnswers;
    watchers.push_back(std::make_unique<Watcher>(*stub_, cancel_after, ended));
  }
  ended.Wait();
  server_->Shutdown(absl::Seconds(30));
  EXPECT_EQ(begun, kStreams);
  EXPECT_EQ(over, kStreams);
  for (const auto& watcher : watchers) {
    if (watcher->cancel_after_ == 0) {
      EXPECT_TRUE(watcher->status_.ok()) << watcher->status_.error_message();
      EXPECT_EQ(watcher->read_, kAnswers);
    } else {
      EXPECT_GE(watcher->read_, watcher->cancel_after_);
    }
  }
}

TEST_F(ServerStreamTest, AnExceptionOfAHandlerEndsTheStreamWithAnInternalError) {
  StartStreams([](Call&, const Probe&, ServerStream<Probe>& stream) -> Task<absl::Status> {
    const Probe probe = WithText("first");
    const absl::Status written = co_await stream.Write(probe);
    EXPECT_TRUE(written.ok());
    throw std::runtime_error("private");
  });
  const Reader reader = stub_->OpenStream(&context_, {});
  Probe probe;
  EXPECT_TRUE(reader->Read(&probe));
  EXPECT_TRUE(absl::IsInternal(Drain(reader)));
}

}  // namespace
}  // namespace vibestack::rpc
