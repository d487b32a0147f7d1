#include "job_service/dispatch/circuit.h"

#include <gtest/gtest.h>

namespace vibestack::job_service {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

Circuit Opened() {
  Circuit circuit;
  for (int i = 0; i < Circuit::kFailuresToOpen; ++i) circuit.Failed(kNow, std::nullopt);
  return circuit;
}

TEST(CircuitTest, AWorkingTargetIsAskedAsOftenAsItMay) {
  Circuit circuit;
  EXPECT_EQ(circuit.Allowance(kNow, 3, 8), 5);
  EXPECT_EQ(circuit.Allowance(kNow, 9, 8), 0);
  for (int i = 1; i < Circuit::kFailuresToOpen; ++i) circuit.Failed(kNow, std::nullopt);
  EXPECT_EQ(circuit.Allowance(kNow, 0, 8), 8);
}

TEST(CircuitTest, AfterFailuresInARowTheTargetIsLeftAloneAndThenAskedOnce) {
  const Circuit circuit = Opened();
  EXPECT_TRUE(circuit.open());
  EXPECT_EQ(circuit.Allowance(kNow, 0, 8), 0);
  EXPECT_EQ(circuit.Allowance(circuit.paused_until(), 0, 8), 1);
  EXPECT_EQ(circuit.Allowance(circuit.paused_until(), 1, 8), 0);
}

TEST(CircuitTest, OneSuccessClosesIt) {
  Circuit circuit = Opened();
  circuit.Succeeded();
  EXPECT_FALSE(circuit.open());
  EXPECT_EQ(circuit.Allowance(circuit.paused_until(), 0, 8), 8);
}

TEST(CircuitTest, ThePauseDoublesUpToItsBound) {
  Circuit circuit = Opened();
  EXPECT_EQ(circuit.paused_until() - kNow, Circuit::kFirstPause);
  absl::Time now = circuit.paused_until();
  circuit.Failed(now, std::nullopt);
  EXPECT_EQ(circuit.paused_until() - now, 2 * Circuit::kFirstPause);
  for (int i = 0; i < 100; ++i) {
    now = circuit.paused_until();
    circuit.Failed(now, std::nullopt);
  }
  EXPECT_EQ(circuit.paused_until() - now, Circuit::kLongestPause);
}

TEST(CircuitTest, RequestsThatWereUnderWayDoNotDoubleThePause) {
  Circuit circuit = Opened();
  for (int i = 0; i < 100; ++i) circuit.Failed(kNow, std::nullopt);
  EXPECT_EQ(circuit.paused_until() - kNow, Circuit::kFirstPause);
}

TEST(CircuitTest, ATargetThatAsksForTimeGetsIt) {
  Circuit circuit;
  circuit.Failed(kNow, absl::Seconds(90));
  EXPECT_EQ(circuit.Allowance(kNow + absl::Seconds(89), 0, 8), 0);
  EXPECT_EQ(circuit.Allowance(kNow + absl::Seconds(90), 0, 8), 8);
  circuit.Failed(kNow, absl::Hours(1'000));
  EXPECT_EQ(circuit.paused_until() - kNow, absl::Hours(1));
}

}  // namespace
}  // namespace vibestack::job_service
