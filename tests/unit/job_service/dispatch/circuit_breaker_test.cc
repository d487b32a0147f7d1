#include "job_service/dispatch/circuit_breaker.h"

#include <gtest/gtest.h>

namespace vibestack::job_service {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

CircuitBreaker Opened() {
  CircuitBreaker circuit;
  for (int i = 0; i < CircuitBreaker::kFailuresToOpen; ++i)
    circuit.RecordFailure(kNow, std::nullopt);
  return circuit;
}

TEST(CircuitBreakerTest, AWorkingTargetGetsAllItsSlots) {
  CircuitBreaker circuit;
  EXPECT_EQ(circuit.FreeSlots(kNow, 3, 8), 5);
  EXPECT_EQ(circuit.FreeSlots(kNow, 9, 8), 0);
  for (int i = 1; i < CircuitBreaker::kFailuresToOpen; ++i)
    circuit.RecordFailure(kNow, std::nullopt);
  EXPECT_EQ(circuit.FreeSlots(kNow, 0, 8), 8);
}

TEST(CircuitBreakerTest, FailuresInARowOpenTheCircuitAndThenOneRequestIsAllowed) {
  const CircuitBreaker circuit = Opened();
  EXPECT_TRUE(circuit.open());
  EXPECT_EQ(circuit.FreeSlots(kNow, 0, 8), 0);
  EXPECT_EQ(circuit.FreeSlots(circuit.paused_until(), 0, 8), 1);
  EXPECT_EQ(circuit.FreeSlots(circuit.paused_until(), 1, 8), 0);
}

TEST(CircuitBreakerTest, OneSuccessClosesIt) {
  CircuitBreaker circuit = Opened();
  circuit.RecordSuccess();
  EXPECT_FALSE(circuit.open());
  EXPECT_EQ(circuit.FreeSlots(circuit.paused_until(), 0, 8), 8);
}

TEST(CircuitBreakerTest, ThePauseDoublesUpToItsBound) {
  CircuitBreaker circuit = Opened();
  EXPECT_EQ(circuit.paused_until() - kNow, CircuitBreaker::kFirstPause);
  absl::Time now = circuit.paused_until();
  circuit.RecordFailure(now, std::nullopt);
  EXPECT_EQ(circuit.paused_until() - now, 2 * CircuitBreaker::kFirstPause);
  for (int i = 0; i < 100; ++i) {
    now = circuit.paused_until();
    circuit.RecordFailure(now, std::nullopt);
  }
  EXPECT_EQ(circuit.paused_until() - now, CircuitBreaker::kLongestPause);
}

TEST(CircuitBreakerTest, RequestsThatWereUnderWayDoNotDoubleThePause) {
  CircuitBreaker circuit = Opened();
  for (int i = 0; i < 100; ++i) circuit.RecordFailure(kNow, std::nullopt);
  EXPECT_EQ(circuit.paused_until() - kNow, CircuitBreaker::kFirstPause);
}

TEST(CircuitBreakerTest, ATargetThatAsksForTimeGetsIt) {
  CircuitBreaker circuit;
  circuit.RecordFailure(kNow, absl::Seconds(50));
  EXPECT_EQ(circuit.FreeSlots(kNow + absl::Seconds(49), 0, 8), 0);
  EXPECT_TRUE(circuit.blocks(kNow + absl::Seconds(49)));
  EXPECT_EQ(circuit.FreeSlots(kNow + absl::Seconds(50), 0, 8), 8);
  EXPECT_FALSE(circuit.blocks(kNow + absl::Seconds(50)));
  circuit.RecordFailure(kNow, absl::Hours(1'000));
  EXPECT_EQ(circuit.paused_until() - kNow, CircuitBreaker::kLongestRetryAfter);
}

TEST(CircuitBreakerTest, AResetEndsThePauseAndClosesIt) {
  CircuitBreaker circuit = Opened();
  circuit.RecordFailure(kNow, absl::Hours(1'000));
  circuit.Reset();
  EXPECT_FALSE(circuit.blocks(kNow));
  EXPECT_EQ(circuit.FreeSlots(kNow, 0, 8), 8);
}

}  // namespace
}  // namespace vibestack::job_service
