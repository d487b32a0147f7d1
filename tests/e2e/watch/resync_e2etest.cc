// A resync wakes every call that waits. Their reads may not fit into the queue, and no wait fails.
#include <gmock/gmock.h>

#include <future>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

constexpr int kWaiters = 320;
constexpr int kQueue = 32;  // Far fewer than the waiters.

TEST(Resync, NoWaitEndsInAnErrorThatItsCallerDidNotCause) {
  Services services({.job_flags = {"--poll_interval=1h", "--batch_queue=32"}});
  const Person person = services.SignUp();
  const auto claimed = CreateAndClaim(services, person);
  job::v1::WaitJobRequest request;
  request.set_id(claimed.job().id());
  request.mutable_timeout()->set_seconds(60);
  std::vector<std::future<Result<Job>>> waits;
  for (int i = 0; i < kWaiters; ++i) {
    waits.push_back(std::async(std::launch::async, [&] {
      return Call(services.jobs(), &JobService::Stub::WaitJob, request,
                  {.token = person.access_token, .timeout = absl::Seconds(90)});
    }));
    // The first reads come a few at a time, so that none is refused.
    if (i % (kQueue / 2) != 0) continue;
    ASSERT_TRUE(
        Eventually(absl::Seconds(20), [&] { return services.job().WaitingCalls() >= i + 1; }));
  }
  ASSERT_TRUE(
      Eventually(absl::Seconds(20), [&] { return services.job().WaitingCalls() >= kWaiters; }));
  const double listened = services.job().Metric("vibestack_listener_connects_total");
  Database().Run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE application_name = 'job_service_listener'");
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
    return services.job().Metric("vibestack_listener_connects_total") > listened;
  }));
  EXPECT_TRUE(Complete(services, claimed, "1").ok());
  for (auto& wait : waits) {
    const auto job = wait.get();
    EXPECT_TRUE(job.ok()) << Describe(job.status);
    EXPECT_EQ(job.value.status(), Job::COMPLETED);
  }
}

}  // namespace
}  // namespace vibestack::e2e
