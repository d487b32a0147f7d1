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

TEST(PeerStart, WorkersOfAJobServiceWithKeysOnItsDiskNeedNoUserService) {
  Services services({.callback_keys = true});
  const Person person = services.SignUp();
  const job::v1::Job job = CreateJob(services, person, "w");
  services.user().process().Kill();
  services.job().process().Kill();
  services.job().Start();
  job::v1::ClaimJobsRequest request;
  request.add_workflow_ids("w");
  const With with{.token = services.service_token()};
  job::v1::ClaimJobsResponse claimed;
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
    const auto claim = Call(services.jobs(), &JobService::Stub::ClaimJobs, request, with);
    // Neither a refusal nor keys that are not known, also in the first call.
    EXPECT_NE(claim.reason(), "TOKEN_KEYS_UNAVAILABLE");
    EXPECT_NE(claim.code(), grpc::UNAUTHENTICATED);
    claimed = claim.value;
    return claimed.jobs_size() == 1;
  }));
  EXPECT_EQ(claimed.jobs(0).job().id(), job.id());
  EXPECT_TRUE(Complete(services, claimed.jobs(0), "1").ok());
  // A person's token does need user_service.
  const auto refused = Call(services.jobs(), &JobService::Stub::ListJobs,
                            job::v1::ListJobsRequest(), {.token = person.access_token});
  EXPECT_EQ(refused.code(), grpc::UNAVAILABLE) << Describe(refused.status);
}

}  // namespace
}  // namespace vibestack::e2e
