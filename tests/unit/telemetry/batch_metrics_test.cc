#include "common/telemetry/batch_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/telemetry/scrape.h"

namespace vibestack {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(BatchMetricsTest, SizesAndWaitsAreBucketedByKind) {
  Metrics metrics;
  const std::function<void(size_t, absl::Duration)> on_batch = BatchMetrics(metrics, "get_user");
  on_batch(3, absl::Milliseconds(2));
  on_batch(1, absl::ZeroDuration());
  EXPECT_THAT(
      Scrape(metrics),
      AllOf(HasSubstr("vibestack_batch_size_bucket{kind=\"get_user\",le=\"2\"} 1"),
            HasSubstr("vibestack_batch_size_bucket{kind=\"get_user\",le=\"4\"} 2"),
            HasSubstr("vibestack_batch_size_sum{kind=\"get_user\"} 4"),
            HasSubstr("vibestack_batch_wait_seconds_count{kind=\"get_user\"} 2"),
            HasSubstr("vibestack_batch_wait_seconds_bucket{kind=\"get_user\",le=\"0.001\"} 1")));
}

TEST(BatchMetricsTest, TheQueueIsAskedForItsLength) {
  Metrics metrics;
  size_t queued = 0;
  const MetricRegistration watch = RegisterBatchQueueMetric(
      metrics, "create_job", [&queued] { return static_cast<double>(queued); });
  queued = 42;
  EXPECT_THAT(Scrape(metrics), HasSubstr("vibestack_batch_queue{kind=\"create_job\"} 42"));
}

}  // namespace
}  // namespace vibestack
