// More log-ins than the cores can check: a call that would miss its deadline fails at once.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/support/services.h"

namespace vibestack::e2e {
namespace {

TEST(LoginFlood, IsShedBeforeItsDeadlinesWhileOtherCallsAreServed) {
  Services services({.user_flags = {"--bcrypt_cost=10", "--bcrypt_threads=1",
                                    "--login_failures_per_address=1000000"}});
  const Person ann = services.SignUp();
  std::atomic<int> compared = 0;
  std::atomic<int> shed = 0;
  std::atomic<int> late = 0;
  std::vector<std::thread> callers;
  callers.reserve(48);
  for (int i = 0; i < 48; ++i) {
    callers.emplace_back([&, i] {
      const auto channel = Connect(services.user().address());
      ASSERT_TRUE(channel->WaitForConnected(absl::ToChronoTime(absl::Now() + absl::Seconds(20))));
      const auto stub = AuthService::NewStub(channel);
      user::v1::LoginRequest request;
      request.set_email(std::to_string(i) + "@example.org");
      request.set_password("wrong horse");
      for (int call = 0; call < 4; ++call) {
        const auto result = Call(*stub, &AuthService::Stub::Login, request,
                                 {.timeout = absl::Seconds(1), .transport_may_fail = true});
        compared += result.reason() == "INVALID_CREDENTIALS";
        shed += result.reason() == "PASSWORD_HASHING_BUSY";
        late += result.code() == grpc::DEADLINE_EXCEEDED;
      }
    });
  }
  user::v1::GetUserRequest me;
  me.set_id("me");
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return compared + shed + late > 0; }));
  std::vector<absl::Duration> took;
  for (int i = 0; i < 50; ++i) {
    const absl::Time began = absl::Now();
    const auto user = Call(services.users(), &UserService::Stub::GetUser, me,
                           {.token = ann.access_token, .timeout = absl::Seconds(2)});
    EXPECT_TRUE(user.ok()) << Describe(user.status);
    took.push_back(absl::Now() - began);
  }
  // A call that had to wait for the hashing would take most of a second.
  std::nth_element(took.begin(), took.begin() + 25, took.end());
  EXPECT_LT(took[25], absl::Milliseconds(250));
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(compared + shed + late, 48 * 4);
  EXPECT_GT(compared, 0);
  EXPECT_GT(shed, 0);
  // A few are allowed, because a busy machine may delay a response.
  EXPECT_LE(late, 4);
}

}  // namespace
}  // namespace vibestack::e2e
