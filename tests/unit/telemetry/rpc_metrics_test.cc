#include "common/telemetry/rpc_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/unit/telemetry/scrape.h"

namespace vibestack {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kService[] = "vibestack.user.v1.UserService";

TEST(RpcMetricsTest, CallsAreCountedByMethodAndCode) {
  Metrics metrics;
  RpcMetrics rpc(metrics);
  RpcMethodMetrics& method = rpc.Method(kService, "GetUser");
  method.Record(absl::StatusCode::kOk, absl::Milliseconds(2));
  method.Record(absl::StatusCode::kOk, absl::Milliseconds(2));
  method.Record(absl::StatusCode::kUnauthenticated, absl::Milliseconds(20));
  rpc.Method(kService, "ListUsers");
  const std::string labels = "{service=\"vibestack.user.v1.UserService\",method=\"GetUser\",code=";
  EXPECT_THAT(
      Scrape(metrics),
      AllOf(HasSubstr("vibestack_rpc_handled_total" + labels + "\"OK\"} 2"),
            HasSubstr("vibestack_rpc_handled_total" + labels + "\"UNAUTHENTICATED\"} 1"),
            Not(HasSubstr("\"NOT_FOUND\"")), HasSubstr("method=\"ListUsers\",code=\"OK\"} 0")));
}

TEST(RpcMetricsTest, DurationsAreBucketed) {
  Metrics metrics;
  RpcMetrics rpc(metrics);
  rpc.Method(kService, "GetUser").Record(absl::StatusCode::kOk, absl::Milliseconds(2));
  const std::string labels = "{method=\"GetUser\",service=\"vibestack.user.v1.UserService\"";
  EXPECT_THAT(
      Scrape(metrics),
      AllOf(HasSubstr("vibestack_rpc_duration_seconds_bucket" + labels + ",le=\"0.001\"} 0"),
            HasSubstr("vibestack_rpc_duration_seconds_bucket" + labels + ",le=\"0.0025\"} 1"),
            HasSubstr("vibestack_rpc_duration_seconds_count" + labels + "} 1")));
}

TEST(RpcMetricsTest, ACodeOutsideTheCanonicalOnesIsUnknown) {
  Metrics metrics;
  RpcMetrics rpc(metrics);
  rpc.Method(kService, "GetUser").Record(static_cast<absl::StatusCode>(99), absl::ZeroDuration());
  EXPECT_THAT(Scrape(metrics), HasSubstr("code=\"UNKNOWN\"} 1"));
}

TEST(RpcMetricsTest, AMethodIsResolvedToOneObject) {
  Metrics metrics;
  RpcMetrics rpc(metrics);
  EXPECT_EQ(&rpc.Method(kService, "GetUser"), &rpc.Method(kService, "GetUser"));
  EXPECT_NE(&rpc.Method(kService, "GetUser"), &rpc.Method(kService, "ListUsers"));
}

TEST(RpcMetricsTest, NoCallIsLostBetweenThreads) {
  Metrics metrics;
  RpcMetrics rpc(metrics);
  RpcMethodMetrics& method = rpc.Method(kService, "GetUser");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&method] {
      for (int i = 0; i < 5000; ++i) method.Record(absl::StatusCode::kOk, absl::Milliseconds(1));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Scrape(metrics), HasSubstr("code=\"OK\"} 20000"));
}

}  // namespace
}  // namespace vibestack
