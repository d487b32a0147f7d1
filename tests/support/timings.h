#ifndef VIBESTACK_TESTS_SUPPORT_TIMINGS_H_
#define VIBESTACK_TESTS_SUPPORT_TIMINGS_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

// Checks that several steps take the same time.
namespace vibestack::e2e {

// The name of a step, for messages, and the step to time.
using TimedStep = std::pair<std::string, std::function<void()>>;

// Expects that the medians of 200 timings of each step are within 5 %. The steps alternate. If the
// medians differ more, adds 200 timings, up to 1,600: with more timings chance and a busy machine
// move the medians less, but a real difference stays.
void ExpectSameTime(const std::vector<TimedStep>& steps);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_TIMINGS_H_
