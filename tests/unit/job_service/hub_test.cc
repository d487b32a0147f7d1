#include "job_service/events/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "common/async/task.h"

namespace vibestack::job_service {
namespace {

// A waiting call, as far as the hub sees it.
class Caller {
 public:
  Caller() { Start(Wait(waker_, woken_)); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  // Whoever was not woken gives up: a task runs to its end.
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

JobNews Changed(std::vector<std::string> ids) {
  JobNews news;
  news.changed = std::move(ids);
  return news;
}

JobNews Pending(const std::string& workflow_id, int jobs) {
  JobNews news;
  news.pending[workflow_id] = jobs;
  return news;
}

TEST(HubTest, AllWhoWatchAChangedJobAreWoken) {
  Hub hub;
  Caller a, b, other;
  const auto watch_a = hub.WatchJob("1", a.waker());
  const auto watch_b = hub.WatchJob("1", b.waker());
  const auto watch_other = hub.WatchJob("2", other.waker());
  hub.Tell(Changed({"1", "3"}));
  EXPECT_EQ(a.reason(), Wake::kNews);
  EXPECT_EQ(b.reason(), Wake::kNews);
  EXPECT_FALSE(other.woken());
}

TEST(HubTest, WhoWatchesAJobAsAUserHearsOfBoth) {
  Hub hub;
  Caller of_job, of_user, other;
  const auto watch_job = hub.WatchJobAndUser("1", "ann", of_job.waker());
  const auto watch_user = hub.WatchJobAndUser("", "bob", of_user.waker());
  const auto watch_other = hub.WatchJobAndUser("2", "cid", other.waker());
  hub.TellUsers({"bob", "dan"});
  EXPECT_FALSE(of_job.woken());
  EXPECT_EQ(of_user.reason(), Wake::kNews);
  hub.Tell(Changed({"1"}));
  EXPECT_EQ(of_job.reason(), Wake::kNews);
  EXPECT_FALSE(other.woken());
  EXPECT_EQ(hub.size(), 3U);
  hub.Close();
  EXPECT_EQ(other.reason(), Wake::kStopping);
}

TEST(HubTest, NewsBetweenSubscribingAndWaitingIsNotMissed) {
  Hub hub;
  auto waker = std::make_shared<Waker>();
  const auto watch = hub.WatchJob("1", waker);
  hub.Tell(Changed({"1"}));
  EXPECT_FALSE(waker->Notify(Wake::kTimer));
}

TEST(HubTest, NewsAfterTheSubscriptionEndedWakesNobody) {
  Hub hub;
  Caller caller;
  { const auto watch = hub.WatchJob("1", caller.waker()); }
  EXPECT_EQ(hub.size(), 0U);
  hub.Tell(Changed({"1"}));
  EXPECT_FALSE(caller.woken());
}

TEST(HubTest, AsManyClaimsAreWokenAsThereAreNewJobs) {
  Hub hub;
  Caller first, second, third;
  const auto watch_first = hub.WatchWorkflows({"w"}, 1, first.waker());
  const auto watch_second = hub.WatchWorkflows({"v", "w"}, 1, second.waker());
  const auto watch_third = hub.WatchWorkflows({"w"}, 1, third.waker());
  hub.Tell(Pending("w", 2));
  EXPECT_TRUE(first.woken());
  EXPECT_TRUE(second.woken());
  EXPECT_FALSE(third.woken());
}

TEST(HubTest, AClaimThatTakesManyIsEnoughForMany) {
  Hub hub;
  Caller first, second;
  const auto watch_first = hub.WatchWorkflows({"w"}, 100, first.waker());
  const auto watch_second = hub.WatchWorkflows({"w"}, 100, second.waker());
  hub.Tell(Pending("w", 50));
  EXPECT_TRUE(first.woken());
  EXPECT_FALSE(second.woken());
}

TEST(HubTest, AClaimThatWentOnAlreadyDoesNotUseUpTheNews) {
  Hub hub;
  Caller gone, waiting;
  const auto watch_gone = hub.WatchWorkflows({"w"}, 1, gone.waker());
  const auto watch_waiting = hub.WatchWorkflows({"w"}, 1, waiting.waker());
  gone.waker()->Notify(Wake::kGone);
  hub.Tell(Pending("w", 1));
  EXPECT_EQ(gone.reason(), Wake::kGone);
  EXPECT_EQ(waiting.reason(), Wake::kNews);
}

TEST(HubTest, PassingOnWakesTheNextClaim) {
  Hub hub;
  Caller first, second;
  const auto watch_first = hub.WatchWorkflows({"w"}, 1, first.waker());
  const auto watch_second = hub.WatchWorkflows({"w"}, 1, second.waker());
  hub.PassOn({"w"});
  EXPECT_TRUE(first.woken());
  EXPECT_FALSE(second.woken());
  hub.PassOn({"w"});
  EXPECT_TRUE(second.woken());
}

TEST(HubTest, AResyncWakesEverybody) {
  Hub hub;
  Caller job, claim;
  const auto watch_job = hub.WatchJob("1", job.waker());
  const auto watch_claim = hub.WatchWorkflows({"w"}, 1, claim.waker());
  hub.Resync();
  EXPECT_EQ(job.reason(), Wake::kNews);
  EXPECT_EQ(claim.reason(), Wake::kNews);
}

TEST(HubTest, ClosingWakesEverybodyAndWhoeverComesLater) {
  Hub hub;
  Caller before, after;
  const auto watch_before = hub.WatchJob("1", before.waker());
  hub.Close();
  EXPECT_EQ(before.reason(), Wake::kStopping);
  const auto watch_after = hub.WatchWorkflows({"w"}, 1, after.waker());
  EXPECT_EQ(after.reason(), Wake::kStopping);
}

}  // namespace
}  // namespace vibestack::job_service
