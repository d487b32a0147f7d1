#include "common/rpc/event_stream.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/async/sync_wait.h"
#include "common/base/error.h"
#include "google/rpc/status.pb.h"

namespace vibestack::rpc {
namespace {

using google::api::HttpBody;

// Keeps what a handler writes.
class Written final : public ByteStream {
 public:
  Task<absl::Status> Write(const grpc::ByteBuffer&) override { co_return absl::OkStatus(); }
  Task<absl::Status> WriteMessage(const google::protobuf::Message& message) override {
    bodies.push_back(static_cast<const HttpBody&>(message));
    co_return absl::OkStatus();
  }
  Task<absl::Status> Reauthorize() override { co_return absl::OkStatus(); }

  std::vector<HttpBody> bodies;
};

class Events final : public EventStream {
 public:
  using EventStream::EventStream;

 private:
  std::string IdOf(const google::protobuf::Message& message) const override {
    return std::to_string(static_cast<const google::rpc::Status&>(message).code());
  }
};

class EventStreamTest : public testing::Test {
 protected:
  absl::Status Send(int code) {
    google::rpc::Status message;
    message.set_code(code);
    return SyncWait(messages_.Write(message));
  }

  Written written_;
  ServerStream<HttpBody> stream_{written_};
  Events events_{stream_};
  ServerStream<google::rpc::Status> messages_{events_};
};

TEST_F(EventStreamTest, AMessageIsAnEventWithItsIdAndDefaultValues) {
  ASSERT_TRUE(Send(7).ok());
  EXPECT_TRUE(SyncWait(events_.End(absl::OkStatus())).ok());
  ASSERT_EQ(written_.bodies.size(), 1U);
  EXPECT_EQ(written_.bodies[0].content_type(), "text/event-stream");
  EXPECT_EQ(written_.bodies[0].data(),
            "id: 7\ndata: {\"code\":7,\"message\":\"\",\"details\":[]}\n\n");
}

TEST_F(EventStreamTest, AnErrorIsTheLastEventAndTheStatus) {
  ASSERT_TRUE(Send(7).ok());
  const absl::Status error = UnavailableError("SHUTTING_DOWN", "the service is shutting down");
  EXPECT_EQ(SyncWait(events_.End(error)), error);
  ASSERT_EQ(written_.bodies.size(), 2U);
  const std::string& last = written_.bodies[1].data();
  EXPECT_EQ(last.rfind("event: error\ndata: {\"code\":14,", 0), 0U) << last;
  EXPECT_NE(last.find("\"reason\":\"SHUTTING_DOWN\""), std::string::npos) << last;
  EXPECT_EQ(last.substr(last.size() - 3), "}\n\n");
}

TEST_F(EventStreamTest, AnErrorBeforeTheFirstEventIsTheStatusOnly) {
  EXPECT_EQ(SyncWait(events_.End(absl::NotFoundError("x"))), absl::NotFoundError("x"));
  EXPECT_TRUE(written_.bodies.empty());
}

}  // namespace
}  // namespace vibestack::rpc
