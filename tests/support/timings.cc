#include "tests/support/timings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace vibestack::e2e {
namespace {

constexpr int kTimings = 200;
constexpr int kMeasurements = 3;
constexpr double kTolerance = 1.05;

// In an order that is another each round, so that no step always follows the same one.
std::vector<double> MedianMicros(const std::vector<TimedStep>& steps) {
  std::mt19937 random(7);  // NOLINT: the same orders each time
  std::vector<size_t> order(steps.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<std::vector<double>> micros(steps.size());
  for (int round = 0; round < kTimings; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const size_t i : order) {
      const absl::Time began = absl::Now();
      steps[i].second();
      micros[i].push_back(absl::ToDoubleMicroseconds(absl::Now() - began));
    }
  }
  std::vector<double> medians;
  for (std::vector<double>& of_step : micros) {
    std::nth_element(of_step.begin(), of_step.begin() + kTimings / 2, of_step.end());
    medians.push_back(of_step[kTimings / 2]);
  }
  return medians;
}

}  // namespace

void ExpectSameTime(const std::vector<TimedStep>& steps) {
  std::string told;
  for (int i = 0; i < kMeasurements; ++i) {
    const std::vector<double> medians = MedianMicros(steps);
    const auto [least, most] = std::minmax_element(medians.begin(), medians.end());
    if (*most <= kTolerance * *least) return;
    told += "\nmedians in us:";
    for (size_t k = 0; k < steps.size(); ++k) {
      told += " " + steps[k].first + " " + std::to_string(medians[k]);
    }
  }
  ADD_FAILURE() << "not within 5 %, each time:" << told;
}

}  // namespace vibestack::e2e
