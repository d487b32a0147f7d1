// The client address of a call, and the audit log's line about a refused token.
#include <gmock/gmock.h>

#include <sstream>

#include "common/auth/token_refusal.h"
#include "tests/unit/rpc/probe_server.h"

namespace vibestack::rpc {
namespace {

using test::Probe;
using testing::HasSubstr;

class CallOriginTest : public ProbeServer {
 protected:
  grpc::Status CallOpen(const std::vector<std::string>& forwarded_for) {
    grpc::ClientContext context;
    for (const std::string& value : forwarded_for) context.AddMetadata("x-forwarded-for", value);
    context.AddMetadata("x-request-id", "request-7");
    Probe response;
    return stub_->Open(&context, Probe(), &response);
  }

  // The client address that the server finds for a call with these x-forwarded-for values.
  std::string Origin(const std::vector<std::string>& forwarded_for) {
    EXPECT_TRUE(CallOpen(forwarded_for).ok());
    return origin_;
  }

  // Refuses every call as if its token had that fault.
  static Task<absl::StatusOr<Probe>> Refuse(Call&, const Probe&) {
    co_return auth::WithRefusal(UnauthenticatedError("TOKEN_INVALID", "no"),
                                {"expired", "k1", "token-1", "worker"});
  }

  Task<absl::StatusOr<Probe>> Note(Call& call, const Probe& request) {
    origin_ = call.client_address()->ToString();
    co_return request;
  }

  std::string origin_;
};

TEST_F(CallOriginTest, ATrustedPeersForwardedForIsRead) {
  Start([this](Call& call, const Probe& request) { return Note(call, request); });
  EXPECT_EQ(Origin({}), "127.0.0.1");
  EXPECT_EQ(Origin({"2001:db8::1"}), "2001:db8::1");
  EXPECT_EQ(Origin({"198.51.100.1, 192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(Origin({"198.51.100.1", "192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(Origin({"192.0.2.1", "nobody"}), "127.0.0.1");
}

TEST_F(CallOriginTest, ARefusedTokenIsALineThatSaysWhyAndFromWhere) {
  Start(Refuse);
  testing::internal::CaptureStderr();
  EXPECT_EQ(CallOpen({"192.0.2.1"}).error_code(), grpc::UNAUTHENTICATED);
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_THAT(line, HasSubstr(R"("event":"token_refused","audit":true,"reason":"expired",)"
                              R"("rpc_service":"vibestack.test.ProbeService","rpc_method":"Open",)"
                              R"("key_id":"k1","token_id":"token-1","subject":"worker",)"
                              R"("suppressed":0,"client_address":"192.0.2.1",)"
                              R"("request_id":"request-7"})"));
}

TEST_F(CallOriginTest, ARefusedCallbackTokenIsAboutAJob) {
  Start([](Call&, const Probe&) -> Task<absl::StatusOr<Probe>> {
    co_return auth::WithRefusal(
        UnauthenticatedError("TOKEN_EXPIRED", "no"),
        {"expired", "k1", "token-1", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "callback"});
  });
  testing::internal::CaptureStderr();
  EXPECT_EQ(CallOpen({}).error_code(), grpc::UNAUTHENTICATED);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr(R"("job_id":"f47ac10b-58cc-4372-a567-0e02b2c3d479")"));
}

TEST_F(CallOriginTest, AFloodOfRefusedTokensDoesNotFloodTheLog) {
  Start(Refuse);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 200; ++i) CallOpen({});
  std::istringstream lines(testing::internal::GetCapturedStderr());
  int count = 0;
  for (std::string line; std::getline(lines, line);)
    count += line.find("token_refused") != line.npos;
  EXPECT_GE(count, 20);
  EXPECT_LE(count, 100);
}

}  // namespace
}  // namespace vibestack::rpc
