#ifndef VIBESTACK_TESTS_SUPPORT_METRICS_H_
#define VIBESTACK_TESTS_SUPPORT_METRICS_H_

#include <string>

namespace vibestack::e2e {

// Reads `/metrics` on that port of 127.0.0.1; empty if there is no answer.
std::string ScrapeMetrics(int port);

// The value of a series, such as `vibestack_x_total{outcome="ok"}`; 0 if it does not exist.
double MetricIn(const std::string& scraped, const std::string& series);

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_METRICS_H_
