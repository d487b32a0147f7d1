#include "tests/bench/percentile.h"

#include <algorithm>
#include <cstdint>

namespace vibestack::bench {

double Percentile(std::vector<float>& values, double share) {
  const auto nth =
      values.begin() + static_cast<int64_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace vibestack::bench
