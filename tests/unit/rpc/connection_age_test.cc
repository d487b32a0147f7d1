#include "common/rpc/connection_age.h"

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
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
  StartWithACallUnderWay();
  // The server closes the call's connection to new calls, so the channel must connect again.
  const auto until = std::chrono::system_clock::now() + std::chrono::seconds(30);
  EXPECT_TRUE(channel_->WaitForStateChange(GRPC_CHANNEL_READY, until));
  EXPECT_EQ(channel_->GetState(false), GRPC_CHANNEL_IDLE);
  FinishTheCallUnderWay();
}

TEST_F(ConnectionAgeTest, WithoutTheFlagAConnectionStays) {
  Start(Echo);
  Probe answer;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->Open(&context, {}, &answer).ok());
  // Much longer than the test above needs.
  const auto until = std::chrono::system_clock::now() + std::chrono::seconds(1);
  EXPECT_FALSE(channel_->WaitForStateChange(GRPC_CHANNEL_READY, until));
}

}  // namespace
}  // namespace vibestack::rpc
