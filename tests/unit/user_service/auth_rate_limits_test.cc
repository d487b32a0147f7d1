#include "user_service/domain/auth_rate_limits.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vibestack::user_service {
namespace {

using Outcome = AuthRateLimits::Outcome;
using Verdict = AuthRateLimits::Verdict;

class AuthRateLimitsTest : public testing::Test {
 protected:
  static AuthRateLimits::Options Options() {
    return {.per_account_and_address = 5,
            .per_address = 20,
            .per_account = 30,
            .window = absl::Minutes(10),
            .max_counts = 1'000};
  }

  Verdict Try(const std::string& account, const std::string& address, Outcome outcome) {
    const AuthRateLimits::Subject subject{account, address};
    const Verdict verdict = limits_.Admit(subject).verdict;
    if (verdict == Verdict::kAdmitted) limits_.RecordOutcome(subject, outcome);
    return verdict;
  }
  // Makes `tries` failed attempts. Returns the number of admitted attempts.
  int Fail(const std::string& account, const std::string& address, int tries) {
    int admitted = 0;
    for (int i = 0; i < tries; ++i) {
      admitted += Try(account, address, Outcome::kWrong) == Verdict::kAdmitted ? 1 : 0;
    }
    return admitted;
  }
  // Makes one failed attempt from each of `addresses` new addresses. Returns the number of admitted
  // attempts.
  int FailFromEverywhere(const std::string& account, int addresses) {
    int admitted = 0;
    for (int i = 0; i < addresses; ++i) {
      admitted += Fail(account, "bot" + std::to_string(next_bot_++), 1);
    }
    return admitted;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'750'000'000)};
  AuthRateLimits limits_{Options(), clock_};
  int next_bot_ = 0;
};

TEST_F(AuthRateLimitsTest, DecayedCountsAreForgotten) {
  EXPECT_EQ(Fail("ann", "a", 1), 1);
  EXPECT_GT(limits_.size(), 0U);
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(Try("ann", "a", Outcome::kRight), Verdict::kAdmitted);
  EXPECT_EQ(limits_.size(), 0U);
}

TEST_F(AuthRateLimitsTest, RepeatedFailuresAreRefusedWithARetryTime) {
  EXPECT_EQ(Fail("ann", "a", 50), 5);
  const AuthRateLimits::Decision refused = limits_.Admit({"ann", "a"});
  EXPECT_EQ(refused.verdict, Verdict::kAccountAndAddress);
  EXPECT_EQ(refused.retry_after, absl::Minutes(2));
  clock_.Advance(refused.retry_after - absl::Milliseconds(1));
  EXPECT_EQ(Fail("ann", "a", 1), 0);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Fail("ann", "a", 50), 1);
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(Fail("ann", "a", 50), 5);
}

TEST_F(AuthRateLimitsTest, TheOwnerElsewhereIsUntouched) {
  Fail("ann", "attacker", 50);
  EXPECT_EQ(Try("ann", "home", Outcome::kRight), Verdict::kAdmitted);
  EXPECT_EQ(Try("bob", "attacker", Outcome::kRight), Verdict::kAdmitted);
}

TEST_F(AuthRateLimitsTest, TheOwnerLogsInDuringAnAttackFromManyAddresses) {
  EXPECT_EQ(FailFromEverywhere("ann", 200), 200);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Try("ann", "bot" + std::to_string(i), Outcome::kWrong), Verdict::kAccount);
  }
  EXPECT_EQ(Try("ann", "home", Outcome::kRight), Verdict::kAdmitted);
  EXPECT_EQ(Try("ann", "home", Outcome::kRight), Verdict::kAdmitted);
}

TEST_F(AuthRateLimitsTest, AnAttackedAccountAdmitsOneFailurePerAddress) {
  FailFromEverywhere("ann", 30);
  EXPECT_EQ(Fail("ann", "late", 10), 1);
  EXPECT_EQ(limits_.Admit({"ann", "late"}).verdict, Verdict::kAccount);
  // After this time one failure of the account has decayed.
  EXPECT_EQ(limits_.Admit({"ann", "late"}).retry_after, absl::Seconds(20));
}

TEST_F(AuthRateLimitsTest, OnePasswordIsNotTriedOnAllAccounts) {
  int admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += Fail("user" + std::to_string(i), "a", 1);
  EXPECT_EQ(admitted, 20);
  EXPECT_EQ(limits_.Admit({"ann", "a"}).verdict, Verdict::kAddress);
  EXPECT_EQ(Try("ann", "b", Outcome::kWrong), Verdict::kAdmitted);
}

TEST_F(AuthRateLimitsTest, RightAndUntestedAttemptsDoNotCount) {
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(Try("ann", "a", Outcome::kRight), Verdict::kAdmitted);
    EXPECT_EQ(Try("ann", "a", Outcome::kUntested), Verdict::kAdmitted);
  }
  EXPECT_EQ(limits_.size(), 0U);
}

TEST_F(AuthRateLimitsTest, ARightPasswordClearsFailuresOfThatAccountAndAddressOnly) {
  Fail("ann", "a", 4);
  Fail("bob", "a", 4);
  EXPECT_EQ(Try("ann", "a", Outcome::kRight), Verdict::kAdmitted);
  EXPECT_EQ(Fail("ann", "a", 50), 5);
  EXPECT_EQ(Fail("bob", "a", 50), 1);
  EXPECT_EQ(Fail("cid", "a", 50), 5);
  EXPECT_EQ(Fail("dan", "a", 50), 1);  // the twentieth failure of the address
}

TEST_F(AuthRateLimitsTest, ConcurrentAttemptsCannotExceedTheLimit) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(limits_.Admit({"ann", "a"}).verdict, Verdict::kAdmitted);
  }
  EXPECT_EQ(limits_.Admit({"ann", "a"}).verdict, Verdict::kBusy);
  // After an attempt with the right password another is admitted; after wrong ones none is.
  limits_.RecordOutcome({"ann", "a"}, Outcome::kRight);
  EXPECT_EQ(limits_.Admit({"ann", "a"}).verdict, Verdict::kAdmitted);
  for (int i = 0; i < 5; ++i) limits_.RecordOutcome({"ann", "a"}, Outcome::kWrong);
  EXPECT_EQ(limits_.Admit({"ann", "a"}).verdict, Verdict::kAccountAndAddress);
}

TEST_F(AuthRateLimitsTest, WithoutAnAccountOnlyTheAddressCounts) {
  EXPECT_EQ(Fail("", "a", 50), 20);
  EXPECT_EQ(Fail("", "b", 50), 20);
}

TEST_F(AuthRateLimitsTest, MemoryIsBoundedWhateverIsTried) {
  for (int i = 0; i < 5'000; ++i) {
    const std::string name = std::to_string(i);
    Fail("user" + name, "address" + name, 1);
  }
  EXPECT_LE(limits_.size(), 1'000U);
}

TEST_F(AuthRateLimitsTest, AnAttemptIsSettledEvenIfItsCountWasEvicted) {
  ASSERT_EQ(limits_.Admit({"ann", "a"}).verdict, Verdict::kAdmitted);
  for (int i = 0; i < 2'000; ++i) Fail("x" + std::to_string(i), "y" + std::to_string(i), 1);
  limits_.RecordOutcome({"ann", "a"}, Outcome::kWrong);
  EXPECT_EQ(Fail("ann", "a", 50), 4);
}

}  // namespace
}  // namespace vibestack::user_service
