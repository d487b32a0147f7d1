#ifndef VIBESTACK_TESTS_BENCH_PERCENTILE_H_
#define VIBESTACK_TESTS_BENCH_PERCENTILE_H_

#include <vector>

namespace vibestack::bench {

// The value below which this share of the values lies; `values` is not empty, and in another order
// afterwards.
double Percentile(std::vector<float>& values, double share);

}  // namespace vibestack::bench

#endif  // VIBESTACK_TESTS_BENCH_PERCENTILE_H_
