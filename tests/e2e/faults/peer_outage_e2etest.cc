// user_service is down: job_service stays correct.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

class PeerOutage : public testing::Test {
 protected:
  grpc::Status ListAs(const std::string& token) {
    return Call(services_.jobs(), &JobService::Stub::ListJobs, job::v1::ListJobsRequest(),
                {.token = token})
        .status;
  }

  // Makes job_service cache the caller's account. The change event of the sign-up may still arrive
  // and remove it from the cache, so this calls for a second.
  void BecomeCached() {
    const absl::Time until = absl::Now() + absl::Seconds(1);
    while (absl::Now() < until) ASSERT_TRUE(ListAs(person_.access_token).ok());
  }

  // Repeats a call until it fails. Returns how long it succeeded, and sets `refusal`.
  absl::Duration HowLongAnswered(grpc::Status& refusal) {
    const absl::Time began = absl::Now();
    Eventually(absl::Seconds(30), [&] {
      refusal = ListAs(person_.access_token);
      return !refusal.ok();
    });
    return absl::Now() - began;
  }

  Services services_{{.job_flags = {"--owner_ttl=200ms", "--owner_stale=3s"}}};
  const Person person_ = services_.SignUp();
};

TEST_F(PeerOutage, CachedCallersAreServedForABoundedTimeThenUnavailableThenRecovery) {
  BecomeCached();
  services_.user().process().Kill();
  grpc::Status refusal;
  const absl::Duration answered = HowLongAnswered(refusal);
  EXPECT_GT(answered, absl::Seconds(1));
  EXPECT_LT(answered, absl::Seconds(5));
  EXPECT_EQ(refusal.error_code(), grpc::UNAVAILABLE) << Describe(refusal);
  EXPECT_TRUE(HasRetryInfo(refusal));
  // A worker's token needs no account.
  EXPECT_TRUE(ListAs(services_.service_token()).ok());
  services_.user().Start();
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return ListAs(person_.access_token).ok(); }));
}

TEST_F(PeerOutage, CallerWhoIsNotCachedIsNeverLetIn) {
  services_.user().process().Kill();
  const grpc::Status refusal = ListAs(person_.access_token);
  EXPECT_EQ(refusal.error_code(), grpc::UNAVAILABLE) << Describe(refusal);
}

TEST_F(PeerOutage, SilentUserServiceIsBridgedLikeADeadOne) {
  BecomeCached();
  services_.user().process().Signal(SIGSTOP);
  grpc::Status refusal;
  const absl::Time began = absl::Now();
  const absl::Duration answered = HowLongAnswered(refusal);
  EXPECT_GT(answered, absl::Seconds(1));
  EXPECT_LT(answered, absl::Seconds(10));
  EXPECT_EQ(refusal.error_code(), grpc::UNAVAILABLE) << Describe(refusal);
  EXPECT_LT(absl::Now() - began, absl::Seconds(20));
  services_.user().process().Signal(SIGCONT);
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return ListAs(person_.access_token).ok(); }));
}

TEST_F(PeerOutage, ReadyJobServiceServesItsFirstCall) {
  // Calls come as soon as the service reports readiness, as after a deployment.
  for (int start = 0; start < 10; ++start) {
    services_.job().process().Kill();
    services_.job().Start();
    services_.job().AwaitReady();
    const grpc::Status first = ListAs(services_.service_token());
    EXPECT_TRUE(first.ok()) << Describe(first);
  }
}

TEST(PeerStart, JobServiceThatStartedFirstServesOnceUserServiceIsThere) {
  Services services({.start = false});
  services.job().Start();
  const With with{.token = services.service_token()};
  const auto early =
      Call(services.jobs(), &JobService::Stub::ListJobs, job::v1::ListJobsRequest(), with);
  EXPECT_TRUE(early.ok() || early.code() == grpc::UNAVAILABLE) << Describe(early.status);
  services.user().Start();
  services.job().AwaitReady();
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
    return Call(services.jobs(), &JobService::Stub::ListJobs, job::v1::ListJobsRequest(), with)
        .ok();
  }));
}

}  // namespace
}  // namespace vibestack::e2e
