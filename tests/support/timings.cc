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
constexpr int kMeasurements = 8;
constexpr double kTolerance = 1.05;

using Micros = std::vector<double>;

// Adds a measurement to each step's timings, in an order that is another each round, so that no
// step always follows the same one.
void Measure(const std::vector<TimedStep>& steps, std::mt19937& random,
             std::vector<Micros>& micros) {
  std::vector<size_t> order(steps.size());
  std::iota(order.begin(), order.end(), size_t{0});
  for (int round = 0; round < kTimings; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const size_t i : order) {
      const absl::Time began = absl::Now();
      steps[i].second();
      micros[i].push_back(absl::ToDoubleMicroseconds(absl::Now() - began));
    }
  }
}

double Median(Micros micros) {
  const auto middle = micros.begin() + static_cast<ptrdiff_t>(micros.size() / 2);
  std::nth_element(micros.begin(), middle, micros.end());
  return *middle;
}

}  // namespace

void ExpectSameTime(const std::vector<TimedStep>& steps) {
  std::mt19937 random(7);  // NOLINT: the same orders each time
  std::vector<Micros> micros(steps.size());
  std::string report;
  for (int i = 0; i < kMeasurements; ++i) {
    Measure(steps, random, micros);
    Micros medians;
    for (const Micros& of_step : micros) medians.push_back(Median(of_step));
    const auto [least, most] = std::minmax_element(medians.begin(), medians.end());
    if (*most <= kTolerance * *least) return;
    report += "\nmedians in us of " + std::to_string(micros[0].size()) + ":";
    for (size_t k = 0; k < steps.size(); ++k) {
      report += " " + steps[k].first + " " + std::to_string(medians[k]);
    }
  }
  ADD_FAILURE() << "not within 5 %, each time:" << report;
}

}  // namespace vibestack::e2e
