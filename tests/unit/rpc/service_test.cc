#include <grpcpp/generic/generic_stub.h>

#include <map>
#include <stdexcept>
#include <thread>

#include "absl/synchronization/notification.h"

#include "common/async/completion.h"
#include "common/rpc/alarm.h"
#include "common/rpc/grpc_status.h"
#include "tests/unit/rpc/probe_server.h"

namespace vibestack::rpc {
namespace {

using test::Probe;

class ServiceTest : public ProbeServer {
 protected:
  // Calls a method by its name with a token (none when empty).
  grpc::Status CallMethod(const std::string& method, const std::string& token,
                          const std::string& bytes = "") {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    grpc::GenericStub stub(channel_);
    const grpc::Slice slice(bytes);
    grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::CompletionQueue queue;
    auto call =
        stub.PrepareUnaryCall(&context, "/vibestack.test.ProbeService/" + method, request, &queue);
    call->StartCall();
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  }

  std::string Reason(const std::string& method, const std::string& token) {
    return ErrorReason(FromGrpcStatus(CallMethod(method, token)));
  }
};

TEST_F(ServiceTest, EveryKindOfCallerGetsWhatTheOptionSays) {
  Start(Echo);
  const std::map<std::string, std::map<std::string, std::string>> expected = {
      {"",
       {{"Open", ""},
        {"ForUsers", "TOKEN_MISSING"},
        {"ForSuperusers", "TOKEN_MISSING"},
        {"ForServices", "TOKEN_MISSING"}}},
      {"user",
       {{"Open", ""},
        {"ForUsers", ""},
        {"ForSuperusers", "ROLE_REQUIRED"},
        {"ForServices", "ROLE_REQUIRED"}}},
      {"superuser",
       {{"Open", ""}, {"ForUsers", ""}, {"ForSuperusers", ""}, {"ForServices", "ROLE_REQUIRED"}}},
      {"service",
       {{"Open", ""},
        {"ForUsers", "ROLE_REQUIRED"},
        {"ForSuperusers", "ROLE_REQUIRED"},
        {"ForServices", ""}}},
  };
  for (const auto& [token, methods] : expected) {
    for (const auto& [method, reason] : methods) {
      EXPECT_EQ(Reason(method, token), reason) << method << " by '" << token << "'";
    }
  }
}

TEST_F(ServiceTest, MethodWithoutAccessOptionIsDenied) {
  Start(Echo);
  for (const char* token : {"", "user", "superuser", "service"}) {
    for (const char* method : {"Forgotten", "ForNobody"}) {
      EXPECT_EQ(CallMethod(method, token).error_code(), grpc::StatusCode::PERMISSION_DENIED);
      EXPECT_EQ(Reason(method, token), "METHOD_CLOSED") << method << " by '" << token << "'";
    }
  }
}

TEST_F(ServiceTest, MethodWithoutHandlerIsUnimplemented) {
  Start(Echo);
  EXPECT_EQ(CallMethod("Unbound", "").error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(Reason("Unbound", ""), "UNIMPLEMENTED");
}

TEST_F(ServiceTest, AnErrorAboutTheRoleNamesTheTokensThatTheMethodTakes) {
  Start(Echo);
  EXPECT_EQ(CallMethod("ForUsers", "service").error_message(), "this method needs a user token");
  EXPECT_EQ(CallMethod("ForSuperusers", "user").error_message(),
            "this method needs a superuser token");
  EXPECT_EQ(CallMethod("ForWorkers", "user").error_message(),
            "this method needs a callback or service token");
}

TEST_F(ServiceTest, BytesThatCannotBeParsedAreTheCallersFault) {
  Start(Echo);
  EXPECT_EQ(CallMethod("Open", "", "\x0a\x05g").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  // A caller without access learns nothing about its bytes.
  EXPECT_EQ(CallMethod("ForUsers", "", "\x0a\x05g").error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(ServiceTest, HandlersSeeTheCallerAndTheDeadline) {
  Start([](Call& call, const Probe&) -> Task<absl::StatusOr<Probe>> {
    Probe probe;
    probe.set_text(call.caller().user_id);
    EXPECT_LE(call.deadline(), absl::Now() + absl::Seconds(6));
    EXPECT_GE(call.deadline(), absl::Now() + absl::Seconds(2));
    EXPECT_LE(call.WorkDeadline(), call.deadline());
    EXPECT_EQ(call.Metadata("x-request-id"), "request-7");
    co_return probe;
  });
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer user");
  context.AddMetadata("x-request-id", "request-7");
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  Probe answer;
  ASSERT_TRUE(stub_->ForUsers(&context, {}, &answer).ok());
  EXPECT_EQ(answer.text(), "user");
}

TEST_F(ServiceTest, AHandlerHearsThatItsClientWentAway) {
  absl::Notification waiting;
  absl::Notification cancelled;
  Start([&](Call& call, const Probe& request) -> Task<absl::StatusOr<Probe>> {
    auto wakeup = std::make_shared<Wakeup<int>>();
    call.OnCancel([wakeup] { wakeup->Notify(1); });
    waiting.Notify();
    co_await wakeup->Wait();
    cancelled.Notify();
    co_return request;
  });
  grpc::ClientContext context;
  Probe answer;
  grpc::Status status;
  std::thread client([&] { status = stub_->Open(&context, {}, &answer); });
  waiting.WaitForNotification();
  context.TryCancel();
  client.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(cancelled.WaitForNotificationWithTimeout(absl::Seconds(10)));
}

TEST_F(ServiceTest, ErrorsReachTheClientWithTheirDetails) {
  Start([](Call&, const Probe&) -> Task<absl::StatusOr<Probe>> {
    co_return NotFoundError("job", "x");
  });
  const absl::Status status = FromGrpcStatus(CallMethod("Open", ""));
  EXPECT_EQ(status, NotFoundError("job", "x"));
}

// The text of an exception may hold data, so neither the caller nor the log gets it.
TEST_F(ServiceTest, AnExceptionOfAHandlerIsAnInternalErrorAndTheServerGoesOn) {
  Start([](Call&, const Probe& request) -> Task<absl::StatusOr<Probe>> {
    if (request.text().empty()) throw std::runtime_error("private");
    co_return request;
  });
  testing::internal::CaptureStderr();
  const grpc::Status refused = CallMethod("Open", "");
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(ErrorReason(FromGrpcStatus(refused)), "INTERNAL");
  EXPECT_EQ(refused.error_message().find("private"), std::string::npos);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("std::runtime_error"), std::string::npos) << log;
  EXPECT_EQ(log.find("private"), std::string::npos) << log;
  EXPECT_TRUE(CallMethod("Open", "", "\x0a\x01x").ok());
}

// It is thrown after the task has moved to another thread, in a task whose result is no status.
TEST_F(ServiceTest, AnExceptionGoesThroughEveryTaskToTheHandlersCaller) {
  Start([](Call&, const Probe& request) -> Task<absl::StatusOr<Probe>> {
    const auto later = []() -> Task<int> {
      co_await WaitUntil(absl::Now() + absl::Milliseconds(1));
      throw 7;
    };
    const int number = co_await later();
    Probe probe = request;
    probe.set_text(std::to_string(number));
    co_return probe;
  });
  EXPECT_EQ(CallMethod("Open", "").error_code(), grpc::StatusCode::INTERNAL);
}

}  // namespace
}  // namespace vibestack::rpc
