#include "common/rpc/server.h"

#include <thread>

#include "tests/unit/rpc/probe_server.h"

namespace vibestack::rpc {
namespace {

using test::Probe;

using ServerTest = ProbeServer;

TEST_F(ServerTest, ATakenPortIsAnErrorThatNamesIt) {
  Start(Echo);
  const std::string address = "127.0.0.1:" + std::to_string(server_->port());
  const auto second = Server::Listen({.address = address}, {});
  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_NE(std::string(second.status().message()).find(address), std::string::npos);
}

TEST_F(ServerTest, ShutdownAnswersEveryCallUnderWayAndTakesNoNewOne) {
  StartWithACallUnderWay();
  std::thread stopper([&] { server_->Shutdown(absl::Seconds(60)); });
  grpc::Status late;
  do {
    // Refused once the shutdown has begun; until then the call waits like the others.
    grpc::ClientContext late_context;
    late_context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
    Probe late_answer;
    const auto fresh = grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials(), [] {
          grpc::ChannelArguments arguments;
          arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
          return arguments;
        }());
    late = test::ProbeService::NewStub(fresh)->Unbound(&late_context, {}, &late_answer);
  } while (late.error_code() == grpc::StatusCode::UNIMPLEMENTED);
  FinishTheCallUnderWay();
  stopper.join();
}

TEST_F(ServerTest, ShutdownMayBeCalledTwice) {
  Start(Echo);
  server_->Shutdown(absl::Seconds(1));
  server_->Shutdown(absl::Seconds(1));
}

}  // namespace
}  // namespace vibestack::rpc
