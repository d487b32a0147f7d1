// Rate limits stop an attacker who tries passwords, and do not lock the owner out.
#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "tests/support/services.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kHome[] = "192.0.2.7";
constexpr char kAttacker[] = "198.51.100.1";

class AuthRateLimitsE2e : public testing::Test {
 protected:
  explicit AuthRateLimitsE2e(std::vector<std::string> flags = {"--trusted_proxies=127.0.0.0/8",
                                                               "--login_failure_window=1h"})
      : services_({.user_flags = std::move(flags)}) {}

  Result<user::v1::TokenResponse> LogIn(const std::string& email, const std::string& password,
                                        const std::string& from) {
    user::v1::LoginRequest request;
    request.set_email(email);
    request.set_password(password);
    return Call(services_.auth(), &AuthService::Stub::Login, request, {.forwarded_for = from});
  }

  // Tries a wrong password `tries` times; counts the answers by reason.
  std::map<std::string, int> TryWrongPassword(const std::string& email, int tries,
                                              const std::string& from) {
    std::map<std::string, int> reasons;
    for (int i = 0; i < tries; ++i) ++reasons[LogIn(email, "wrong horse", from).reason()];
    return reasons;
  }

  // Logs in `calls` times at once; counts the answers by reason.
  std::map<std::string, int> AtOnce(const std::string& email, const std::string& password,
                                    int calls) {
    std::vector<std::string> reasons(static_cast<size_t>(calls));
    std::vector<std::thread> threads;
    threads.reserve(reasons.size());
    for (std::string& reason : reasons) {
      threads.emplace_back([&, this] { reason = LogIn(email, password, kAttacker).reason(); });
    }
    for (std::thread& thread : threads) thread.join();
    std::map<std::string, int> counts;
    for (const std::string& reason : reasons) ++counts[reason];
    return counts;
  }

  const std::map<std::string, int> kTenOfThirty = {{"INVALID_CREDENTIALS", 10},
                                                   {"TOO_MANY_ATTEMPTS", 20}};
  Services services_;
  const Person ann_ = services_.SignUp();
};

TEST_F(AuthRateLimitsE2e, AnAttackerIsStoppedWhateverTheCaseOfTheEmail) {
  std::map<std::string, int> reasons = TryWrongPassword(ann_.email, 5, kAttacker);
  std::string shouted = ann_.email;
  for (char& c : shouted) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const auto& [reason, count] : TryWrongPassword(shouted, 25, kAttacker))
    reasons[reason] += count;
  EXPECT_EQ(reasons, kTenOfThirty);
  const auto refused = LogIn(ann_.email, ann_.password, kAttacker);
  EXPECT_EQ(refused.code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.reason(), "TOO_MANY_ATTEMPTS");
}

TEST_F(AuthRateLimitsE2e, TheOwnerElsewhereStillLogsIn) {
  TryWrongPassword(ann_.email, 30, kAttacker);
  EXPECT_TRUE(LogIn(ann_.email, ann_.password, kHome).ok());
  // The owner also logs in from the attacker's network and during an attack from many addresses.
  EXPECT_TRUE(LogIn(ann_.email, ann_.password, "198.51.100.2").ok());
  for (int i = 0; i < 150; ++i) TryWrongPassword(ann_.email, 1, "203.0.113." + std::to_string(i));
  EXPECT_EQ(LogIn(ann_.email, ann_.password, "203.0.113.9").reason(), "TOO_MANY_ATTEMPTS");
  EXPECT_TRUE(LogIn(ann_.email, ann_.password, kHome).ok());
}

TEST_F(AuthRateLimitsE2e, AnUnknownEmailIsLimitedLikeAKnownOne) {
  EXPECT_EQ(TryWrongPassword(ann_.email, 30, kAttacker), kTenOfThirty);
  EXPECT_EQ(TryWrongPassword("nobody-" + ann_.email, 30, kAttacker), kTenOfThirty);
  EXPECT_EQ(LogIn(ann_.email, "wrong", kAttacker).status.error_message(),
            LogIn("nobody-" + ann_.email, "wrong", kAttacker).status.error_message());
}

TEST_F(AuthRateLimitsE2e, AnIpv6ClientIsItsSlash64) {
  int wrong = 0;
  for (int i = 0; i < 30; ++i) {
    wrong += TryWrongPassword(ann_.email, 1,
                              "2001:db8:1:2::" + std::to_string(i))["INVALID_CREDENTIALS"];
  }
  EXPECT_EQ(wrong, 10);
  EXPECT_TRUE(LogIn(ann_.email, ann_.password, "2001:db8:1:3::1").ok());
}

TEST_F(AuthRateLimitsE2e, ConcurrentWrongPasswordsAreComparedUpToTheLimit) {
  std::map<std::string, int> reasons = AtOnce(ann_.email, "wrong horse", 64);
  EXPECT_EQ(reasons["INVALID_CREDENTIALS"], 10);
  EXPECT_EQ(reasons["TOO_MANY_ATTEMPTS"], 54);
}

TEST_F(AuthRateLimitsE2e, AnyNumberOfRightLogInsAtOnceSucceed) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(AtOnce(ann_.email, ann_.password, 64)[""], 64);
  }
}

TEST_F(AuthRateLimitsE2e, EmailTakenAnswersAreLimitedByAddress) {
  user::v1::SignUpRequest request;
  request.set_email(ann_.email);
  request.set_password("correct horse battery");
  std::map<std::string, int> reasons;
  for (int i = 0; i < 120; ++i) {
    ++reasons[Call(services_.auth(), &AuthService::Stub::SignUp, request,
                   {.forwarded_for = kAttacker})
                  .reason()];
  }
  EXPECT_EQ(reasons["EMAIL_TAKEN"], 100);
  EXPECT_EQ(reasons["TOO_MANY_ATTEMPTS"], 20);
  EXPECT_TRUE(LogIn(ann_.email, ann_.password, kHome).ok());
}

TEST_F(AuthRateLimitsE2e, EveryLogInIsALineOfTheAuditLog) {
  TryWrongPassword(ann_.email, 11, kAttacker);
  LogIn(ann_.email, ann_.password, kHome);
  LogIn("nobody-" + ann_.email, "wrong horse", kHome);
  const std::string log = services_.user().log();
  EXPECT_THAT(log, HasSubstr(R"("event":"login_failed","audit":true,"user_id":")" + ann_.id +
                             R"(","reason":"wrong_password","client_address":"198.51.100.1"})"));
  EXPECT_THAT(log, HasSubstr(R"("event":"login_rate_limited","audit":true,)"
                             R"("limit":"account_and_address","suppressed":0,)"
                             R"("client_address":"198.51.100.1"})"));
  EXPECT_THAT(log, HasSubstr(R"("event":"login_ok","audit":true,"user_id":")" + ann_.id +
                             R"(","client_address":"192.0.2.7"})"));
  EXPECT_THAT(log, HasSubstr(R"("reason":"unknown_email","client_address":"192.0.2.7"})"));
  EXPECT_THAT(log, Not(HasSubstr(ann_.email)));
}

// The default configuration.
class AuthRateLimitsWithoutProxies : public AuthRateLimitsE2e {
 protected:
  AuthRateLimitsWithoutProxies() : AuthRateLimitsE2e({"--login_failure_window=1h"}) {}
};

TEST_F(AuthRateLimitsWithoutProxies, ForgedForwardedAddressesDoNotEvadeTheLimit) {
  std::map<std::string, int> reasons;
  for (int i = 0; i < 30; ++i) {
    ++reasons[LogIn(ann_.email, "wrong horse", "203.0.113." + std::to_string(i)).reason()];
  }
  EXPECT_EQ(reasons, kTenOfThirty);
}

TEST(TrustedProxies, AnInvalidListFailsTheStart) {
  Services services({.start = false});
  const Finished run =
      services.RunUserService({"serve", "--database_url=postgresql://nobody@127.0.0.1:1/x",
                               "--trusted_proxies=10.0.0.1/8"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.standard_error, HasSubstr("--trusted_proxies"));
}

}  // namespace
}  // namespace vibestack::e2e
