#include "job_service/subscriptions/job_subscriptions.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "common/async/task.h"

namespace vibestack::job_service {
namespace {

// A waiting call: a waker and a task that waits for it.
class Caller {
 public:
  Caller() { Start(Wait(waker_, woken_)); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  // Ends the wait if nothing woke it, because a task must run to its end.
  ~Caller() { waker_->Notify(Wake::kTimer); }

  const std::shared_ptr<Waker>& waker() const { return waker_; }
  bool woken() const { return woken_->has_value(); }
  std::optional<Wake> reason() const { return *woken_; }

 private:
  static Task<void> Wait(std::shared_ptr<Waker> waker, std::shared_ptr<std::optional<Wake>> woken) {
    const Wake reason = co_await waker->Wait();
    *woken = reason;
  }

  std::shared_ptr<Waker> waker_ = std::make_shared<Waker>();
  std::shared_ptr<std::optional<Wake>> woken_ = std::make_shared<std::optional<Wake>>();
};

JobChanges Changed(std::vector<std::string> ids) {
  JobChanges changes;
  changes.changed = std::move(ids);
  return changes;
}

JobChanges Pending(const std::string& workflow_id, int jobs) {
  JobChanges changes;
  changes.pending[workflow_id] = jobs;
  return changes;
}

TEST(JobSubscriptionsTest, AChangeWakesAllWatchersOfTheJob) {
  JobSubscriptions job_subscriptions;
  Caller a, b, other;
  const auto watch_a = job_subscriptions.SubscribeToJob("1", a.waker());
  const auto watch_b = job_subscriptions.SubscribeToJob("1", b.waker());
  const auto watch_other = job_subscriptions.SubscribeToJob("2", other.waker());
  job_subscriptions.Notify(Changed({"1", "3"}));
  EXPECT_EQ(a.reason(), Wake::kChange);
  EXPECT_EQ(b.reason(), Wake::kChange);
  EXPECT_FALSE(other.woken());
}

TEST(JobSubscriptionsTest, AWatcherOfAJobAndAUserIsWokenByEither) {
  JobSubscriptions job_subscriptions;
  Caller of_job, of_user, other;
  const auto watch_job = job_subscriptions.SubscribeToJobAndUser("1", "ann", of_job.waker());
  const auto watch_user = job_subscriptions.SubscribeToJobAndUser("", "bob", of_user.waker());
  const auto watch_other = job_subscriptions.SubscribeToJobAndUser("2", "cid", other.waker());
  job_subscriptions.NotifyUsers({"bob", "dan"});
  EXPECT_FALSE(of_job.woken());
  EXPECT_EQ(of_user.reason(), Wake::kChange);
  job_subscriptions.Notify(Changed({"1"}));
  EXPECT_EQ(of_job.reason(), Wake::kChange);
  EXPECT_FALSE(other.woken());
  EXPECT_EQ(job_subscriptions.size(), 3U);
  job_subscriptions.Close();
  EXPECT_EQ(other.reason(), Wake::kStopping);
}

TEST(JobSubscriptionsTest, AChangeBetweenSubscribingAndWaitingIsNotMissed) {
  JobSubscriptions job_subscriptions;
  auto waker = std::make_shared<Waker>();
  const auto watch = job_subscriptions.SubscribeToJob("1", waker);
  job_subscriptions.Notify(Changed({"1"}));
  EXPECT_FALSE(waker->Notify(Wake::kTimer));
}

TEST(JobSubscriptionsTest, AChangeAfterTheSubscriptionEndedWakesNobody) {
  JobSubscriptions job_subscriptions;
  Caller caller;
  { const auto watch = job_subscriptions.SubscribeToJob("1", caller.waker()); }
  EXPECT_EQ(job_subscriptions.size(), 0U);
  job_subscriptions.Notify(Changed({"1"}));
  EXPECT_FALSE(caller.woken());
}

TEST(JobSubscriptionsTest, AsManyClaimsAreWokenAsThereAreNewJobs) {
  JobSubscriptions job_subscriptions;
  Caller first, second, third;
  const auto watch_first = job_subscriptions.SubscribeToWorkflows({"w"}, 1, first.waker());
  const auto watch_second = job_subscriptions.SubscribeToWorkflows({"v", "w"}, 1, second.waker());
  const auto watch_third = job_subscriptions.SubscribeToWorkflows({"w"}, 1, third.waker());
  job_subscriptions.Notify(Pending("w", 2));
  EXPECT_TRUE(first.woken());
  EXPECT_TRUE(second.woken());
  EXPECT_FALSE(third.woken());
}

TEST(JobSubscriptionsTest, AClaimThatTakesManyIsEnoughForMany) {
  JobSubscriptions job_subscriptions;
  Caller first, second;
  const auto watch_first = job_subscriptions.SubscribeToWorkflows({"w"}, 100, first.waker());
  const auto watch_second = job_subscriptions.SubscribeToWorkflows({"w"}, 100, second.waker());
  job_subscriptions.Notify(Pending("w", 50));
  EXPECT_TRUE(first.woken());
  EXPECT_FALSE(second.woken());
}

TEST(JobSubscriptionsTest, AClaimThatEndedDoesNotConsumeTheChange) {
  JobSubscriptions job_subscriptions;
  Caller gone, waiting;
  const auto watch_gone = job_subscriptions.SubscribeToWorkflows({"w"}, 1, gone.waker());
  const auto watch_waiting = job_subscriptions.SubscribeToWorkflows({"w"}, 1, waiting.waker());
  gone.waker()->Notify(Wake::kGone);
  job_subscriptions.Notify(Pending("w", 1));
  EXPECT_EQ(gone.reason(), Wake::kGone);
  EXPECT_EQ(waiting.reason(), Wake::kChange);
}

TEST(JobSubscriptionsTest, PassingOnWakesTheNextClaim) {
  JobSubscriptions job_subscriptions;
  Caller first, second;
  const auto watch_first = job_subscriptions.SubscribeToWorkflows({"w"}, 1, first.waker());
  const auto watch_second = job_subscriptions.SubscribeToWorkflows({"w"}, 1, second.waker());
  job_subscriptions.WakeNext({"w"});
  EXPECT_TRUE(first.woken());
  EXPECT_FALSE(second.woken());
  job_subscriptions.WakeNext({"w"});
  EXPECT_TRUE(second.woken());
}

TEST(JobSubscriptionsTest, AResyncWakesEverybody) {
  JobSubscriptions job_subscriptions;
  Caller job, claim;
  const auto watch_job = job_subscriptions.SubscribeToJob("1", job.waker());
  const auto watch_claim = job_subscriptions.SubscribeToWorkflows({"w"}, 1, claim.waker());
  job_subscriptions.Resync();
  EXPECT_EQ(job.reason(), Wake::kChange);
  EXPECT_EQ(claim.reason(), Wake::kChange);
}

TEST(JobSubscriptionsTest, AResyncOfManyWakesTheFirstAtOnceAndClosingEndsIt) {
  constexpr int kCallers = 600;
  grpc_init();  // Alarms need it.
  {
    JobSubscriptions job_subscriptions;
    std::vector<Caller> callers(kCallers);
    std::vector<JobSubscriptions::Subscription> subscriptions;
    for (Caller& caller : callers) {
      subscriptions.push_back(job_subscriptions.SubscribeToJob("1", caller.waker()));
    }
    job_subscriptions.Resync();
    job_subscriptions.Close();  // Waits for the resync, and wakes everybody.
    int changed = 0;
    for (const Caller& caller : callers) {
      EXPECT_TRUE(caller.woken());
      if (caller.reason() == Wake::kChange) ++changed;
    }
    EXPECT_GE(changed, 250);
  }
}

TEST(JobSubscriptionsTest, ClosingWakesEverybodyAndWhoeverComesLater) {
  JobSubscriptions job_subscriptions;
  Caller before, after;
  const auto watch_before = job_subscriptions.SubscribeToJob("1", before.waker());
  job_subscriptions.Close();
  EXPECT_EQ(before.reason(), Wake::kStopping);
  const auto watch_after = job_subscriptions.SubscribeToWorkflows({"w"}, 1, after.waker());
  EXPECT_EQ(after.reason(), Wake::kStopping);
}

}  // namespace
}  // namespace vibestack::job_service
