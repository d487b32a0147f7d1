#include "common/rpc/connection_age.h"

#include <thread>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/synchronization/notification.h"
#include "common/async/completion.h"
#include "tests/unit/rpc/probe_server.h"

ABSL_DECLARE_FLAG(absl::Duration, max_connection_age);

namespace vibestack::rpc {
namespace {

using test::Probe;

class ConnectionAgeTest : public ProbeServer {
 protected:
  ~ConnectionAgeTest() override { SetAge(absl::InfiniteDuration()); }

  static void SetAge(absl::Duration age) { absl::SetFlag(&FLAGS_max_connection_age, age); }
};

TEST_F(ConnectionAgeTest, AnAgeBelowASecondIsRefusedAndNamesTheFlag) {
  SetAge(absl::Milliseconds(999));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckConnectionAge()));
  EXPECT_NE(CheckConnectionAge().message().find("--max_connection_age"), std::string::npos);
  SetAge(absl::Seconds(1));
  EXPECT_TRUE(CheckConnectionAge().ok());
  SetAge(absl::InfiniteDuration());
  EXPECT_TRUE(CheckConnectionAge().ok());
}

TEST_F(ConnectionAgeTest, AnOldConnectionTakesNoNewCallsButFinishesThoseUnderWay) {
  SetAge(absl::Milliseconds(100));
  auto release = std::make_shared<Wakeup<int>>();
  absl::Notification waiting;
  Start([&](Call&, const Probe& request) -> Task<absl::StatusOr<Probe>> {
    waiting.Notify();
    co_await release->Wait();
    co_return request;
  });
  grpc::ClientContext context;
  Probe request;
  request.set_text("under way");
  Probe answer;
  grpc::Status status;
  std::thread client([&] { status = stub_->Open(&context, request, &answer); });
  waiting.WaitForNotification();
  // The connection that the call came by is given up: its channel needs another one for more calls.
  const auto until = std::chrono::system_clock::now() + std::chrono::seconds(30);
  EXPECT_TRUE(channel_->WaitForStateChange(GRPC_CHANNEL_READY, until));
  EXPECT_EQ(channel_->GetState(false), GRPC_CHANNEL_IDLE);
  release->Notify(1);
  client.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answer.text(), "under way");
}

TEST_F(ConnectionAgeTest, WithoutTheFlagAConnectionStays) {
  Start(Echo);
  Probe answer;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->Open(&context, {}, &answer).ok());
  // Well past what the test above needs.
  const auto until = std::chrono::system_clock::now() + std::chrono::seconds(1);
  EXPECT_FALSE(channel_->WaitForStateChange(GRPC_CHANNEL_READY, until));
}

}  // namespace
}  // namespace vibestack::rpc
