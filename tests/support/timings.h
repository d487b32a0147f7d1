#ifndef VIBESTACK_TESTS_SUPPORT_TIMINGS_H_
#define VIBESTACK_TESTS_SUPPORT_TIMINGS_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

// Whether several things take the same time.
namespace vibestack::e2e {

// Something to be timed, and its name for messages.
using TimedStep = std::pair<std::string, std::function<void()>>;

// Expects that the medians of 200 timings of each step, taken in turns, are within 5 %. Measured
// again where they are not, twice at most: somebody else may have had the machine, whereas what
// tells by its time tells each time.
void ExpectSameTime(const std::vector<TimedStep>& steps);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_TIMINGS_H_
