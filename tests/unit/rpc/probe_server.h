#ifndef VIBESTACK_TESTS_UNIT_RPC_PROBE_SERVER_H_
#define VIBESTACK_TESTS_UNIT_RPC_PROBE_SERVER_H_

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "common/async/completion.h"
#include "common/base/error.h"
#include "common/rpc/authenticator.h"
#include "common/rpc/call_interceptor.h"
#include "common/rpc/server.h"
#include "common/rpc/service.h"
#include "probe.grpc.pb.h"
#include "probe.raw.h"

namespace vibestack::rpc {

// A real server with the ProbeService behind a real interceptor. A token is the role of its caller.
class ProbeServer : public testing::Test, public AccountSource {
 protected:
  using Handler = std::function<Task<absl::StatusOr<test::Probe>>(Call&, const test::Probe&)>;

  using StreamHandler =
      std::function<Task<absl::Status>(Call&, const test::Probe&, ServerStream<test::Probe>&)>;

  // Starts with this handler for every streaming method except UnboundStream.
  void StartStreams(const StreamHandler& handler) {
    for (const char* name : {"OpenStream", "StreamForUsers"}) {
      service_.Stream<test::Probe, test::Probe>(name, handler);
    }
    Start(Echo);
  }

  // Starts with this handler for every unary method except Unbound.
  void Start(const Handler& handler) {
    for (const char* name :
         {"Open", "ForUsers", "ForSuperusers", "ForServices", "Forgotten", "ForNobody"}) {
      service_.Unary<test::Probe, test::Probe>(name, handler);
    }
    auto server = Server::Listen({.address = "127.0.0.1:0"}, {&service_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = test::ProbeService::NewStub(channel_);
  }

  // Starts with a handler that waits for FinishTheCallUnderWay(), and makes a call to it.
  void StartWithACallUnderWay() {
    Start([this](Call&, const test::Probe& request) -> Task<absl::StatusOr<test::Probe>> {
      arrived_.Notify();
      co_await release_->Wait();
      co_return request;
    });
    under_way_ = std::thread([this] {
      test::Probe request;
      request.set_text("under way");
      status_ = stub_->Open(&context_, request, &answer_);
    });
    arrived_.WaitForNotification();
  }

  // Lets the handler continue, and expects an answer to its call.
  void FinishTheCallUnderWay() {
    release_->Notify(1);
    under_way_.join();
    EXPECT_TRUE(status_.ok()) << status_.error_message();
    EXPECT_EQ(answer_.text(), "under way");
  }

  // A handler that returns its request.
  static Task<absl::StatusOr<test::Probe>> Echo(Call&, const test::Probe& request) {
    co_return request;
  }

  Task<absl::StatusOr<auth::AccountState>> FindSince(std::string user_id, absl::Time,
                                                     absl::Time) override {
    co_return auth::AccountState{true, active_, user_id == "superuser", "print"};
  }

  static absl::StatusOr<auth::Claims> Verify(const std::string& token) {
    auth::Claims claims;
    claims.subject = token;
    claims.fingerprint = "print";
    if (token == "service") claims.purpose = auth::Purpose::kService;
    return claims;
  }

  std::atomic<bool> active_ = true;  // The state of every account.
  Metrics metrics_;
  RpcMetrics rpc_metrics_{metrics_};
  Authenticator authenticator_{Verify, *this};
  CallInterceptor interceptor_{authenticator_, rpc_metrics_, *IpNetworks::Parse("127.0.0.1")};
  Service service_{test::RawProbeService(), interceptor_};
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<test::ProbeService::Stub> stub_;

 private:
  const std::shared_ptr<Wakeup<int>> release_ = std::make_shared<Wakeup<int>>();
  absl::Notification arrived_;
  grpc::ClientContext context_;
  test::Probe answer_;
  grpc::Status status_;
  std::thread under_way_;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_TESTS_UNIT_RPC_PROBE_SERVER_H_
