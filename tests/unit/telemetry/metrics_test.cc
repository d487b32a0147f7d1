#include "common/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/unit/telemetry/scrape.h"

namespace vibestack {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The value of the series that is called exactly `series`.
double ValueOf(const std::string& exposition, const std::string& series) {
  const size_t at = exposition.find("\n" + series + " ");
  EXPECT_NE(at, std::string::npos) << series;
  if (at == std::string::npos) return -1;
  return std::strtod(exposition.c_str() + at + 1 + series.size(), nullptr);
}

constexpr absl::Duration kPause = absl::Milliseconds(10);

auto Threads() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

// Waits for the endpoints of earlier tests, which close in the background.
void AwaitClosedEndpoints() {
  const absl::Time until = absl::Now() + absl::Seconds(10);
  while (Threads() > 1 && absl::Now() < until) absl::SleepFor(kPause);
}

TEST(MetricsTest, CountersGaugesAndHistogramsAreExposed) {
  Metrics metrics;
  metrics.Counter("vibestack_things_total", "Things.", {{"kind", "a"}}).Increment(3);
  metrics.Gauge("vibestack_level", "Level.").Set(2.5);
  metrics.Histogram("vibestack_wait_seconds", "Wait.", {}, {0.1, 1}).Observe(0.5);
  EXPECT_THAT(Scrape(metrics),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("vibestack_things_total{kind=\"a\"} 3"),
                    HasSubstr("vibestack_level 2.5"),
                    HasSubstr("vibestack_wait_seconds_bucket{le=\"0.1\"} 0"),
                    HasSubstr("vibestack_wait_seconds_bucket{le=\"1\"} 1"),
                    HasSubstr("vibestack_wait_seconds_sum 0.5")));
}

TEST(MetricsTest, TheSameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;
  EXPECT_EQ(&metrics.Counter("vibestack_a_total", "A.", {{"k", "v"}}),
            &metrics.Counter("vibestack_a_total", "A.", {{"k", "v"}}));
}

TEST(MetricsTest, AGaugeCallbackIsAskedAtEachScrape) {
  Metrics metrics;
  double value = 1;
  const MetricRegistration kept =
      metrics.AddGaugeCallback("vibestack_queue", "Queue.", {{"kind", "a"}}, [&] { return value; });
  EXPECT_THAT(Scrape(metrics), HasSubstr("vibestack_queue{kind=\"a\"} 1"));
  value = 7;
  EXPECT_THAT(Scrape(metrics), HasSubstr("vibestack_queue{kind=\"a\"} 7"));
}

TEST(MetricsTest, CallbacksOfOneNameAreOneFamily) {
  Metrics metrics;
  const auto a = metrics.AddGaugeCallback("vibestack_q", "Q.", {{"k", "a"}}, [] { return 1; });
  const auto b = metrics.AddGaugeCallback("vibestack_q", "Q.", {{"k", "b"}}, [] { return 2; });
  const std::string all = Scrape(metrics);
  EXPECT_THAT(all, AllOf(HasSubstr("vibestack_q{k=\"a\"} 1"), HasSubstr("vibestack_q{k=\"b\"} 2")));
  EXPECT_EQ(all.find("# TYPE vibestack_q "), all.rfind("# TYPE vibestack_q "));
}

TEST(MetricsTest, ACallbackGoesWithItsRegistration) {
  Metrics metrics;
  MetricRegistration outer;
  {
    MetricRegistration inner = metrics.AddGaugeCallback("vibestack_q", "Q.", {}, [] { return 1; });
    outer = std::move(inner);
  }
  EXPECT_THAT(Scrape(metrics), HasSubstr("vibestack_q 1"));
  { const MetricRegistration last = std::move(outer); }
  EXPECT_THAT(Scrape(metrics), Not(HasSubstr("vibestack_q")));
}

TEST(MetricsTest, ARegistrationMayOutliveTheMetrics) {
  MetricRegistration registration;
  {
    Metrics metrics;
    registration = metrics.AddGaugeCallback("vibestack_q", "Q.", {}, [] { return 1; });
  }
}

TEST(MetricsTest, ATakenPortIsAnErrorThatNamesTheAddress) {
  Metrics first;
  ASSERT_TRUE(first.Serve("127.0.0.1:0").ok());
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  Metrics second;
  const absl::Status taken = second.Serve(address);
  EXPECT_EQ(taken.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(taken.message(), "cannot listen on " + address + " for metrics; is the port in use?");
  EXPECT_EQ(second.port(), 0);
}

TEST(MetricsTest, TheEndpointEndsAtStop) {
  Metrics metrics;
  metrics.StopServing();
  ASSERT_THAT(Scrape(metrics), Not(""));
  metrics.StopServing();
  metrics.StopServing();
  // The port closes in the background.
  const absl::Time until = absl::Now() + absl::Seconds(10);
  while (Get(metrics.port(), "/metrics") != "" && absl::Now() < until) absl::SleepFor(kPause);
  EXPECT_EQ(Get(metrics.port(), "/metrics"), "");
}

TEST(MetricsTest, NoSourceIsAskedAfterTheStop) {
  Metrics metrics;
  std::atomic<int> asked{0};
  const MetricRegistration registration = metrics.AddGaugeCallback(
      "vibestack_asked", "Counts scrapes.", {}, [&asked] { return ++asked; });
  ASSERT_THAT(Scrape(metrics), HasSubstr("vibestack_asked 1"));
  metrics.StopServing();
  EXPECT_THAT(Get(metrics.port(), "/metrics"), Not(HasSubstr("vibestack_asked")));
  EXPECT_EQ(asked, 1);
}

TEST(MetricsTest, StoppingTakesNoTime) {
  for (const char* address : {"127.0.0.1:0", "0.0.0.0:0", "localhost:0", "[::1]:0"}) {
    Metrics metrics;
    const absl::Status served = metrics.Serve(address);
    if (!served.ok() && address[0] == '[') continue;  // a machine without IPv6
    ASSERT_TRUE(served.ok()) << served;
    const absl::Time start = absl::Now();
    metrics.StopServing();
    EXPECT_LT(absl::Now() - start, absl::Milliseconds(1500)) << address;
  }
}

TEST(MetricsTest, ServingTakesTwoThreads) {
  AwaitClosedEndpoints();
  const auto before = Threads();
  Metrics metrics;
  ASSERT_THAT(Scrape(metrics), Not(""));
  EXPECT_LE(Threads() - before, 2);
}

TEST(MetricsTest, OnlyMetricsAreServed) {
  Metrics metrics;
  Scrape(metrics);
  EXPECT_THAT(Get(metrics.port(), "/"), HasSubstr(" 404 Not Found"));
  EXPECT_THAT(Get(metrics.port(), "/etc/passwd"), HasSubstr(" 404 Not Found"));
}

TEST(MetricsTest, TheProcessIsDescribed) {
  Metrics metrics;
  const std::string all = Scrape(metrics);
  EXPECT_GT(ValueOf(all, "process_resident_memory_bytes"), 1e6);
  EXPECT_GE(ValueOf(all, "process_open_fds"), 3);
  EXPECT_GT(ValueOf(all, "process_cpu_seconds_total"), 0);
  const double age = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()) -
                     ValueOf(all, "process_start_time_seconds");
  EXPECT_GE(age, -0.1);
  EXPECT_LT(age, 600);
}

TEST(MetricsTest, OpenDescriptorsAreCountedExactly) {
  AwaitClosedEndpoints();
  Metrics metrics;
  const double before = ValueOf(Scrape(metrics), "process_open_fds");
  const std::ifstream one("/dev/null");
  const std::ifstream two("/dev/null");
  EXPECT_EQ(ValueOf(Scrape(metrics), "process_open_fds"), before + 2);
}

}  // namespace
}  // namespace vibestack
