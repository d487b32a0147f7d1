#include "job_service/subscriptions/change_listener.h"

#include <memory>

#include "absl/synchronization/notification.h"
#include "job_service/subscriptions/publisher.h"
#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

// A source of accounts in which every user exists. Counts the look-ups.
class Accounts {
 public:
  Task<absl::StatusOr<auth::AccountState>> Load() {
    ++loads_;
    auth::AccountState state;
    state.exists = true;
    co_return state;
  }
  int loads() const { return loads_; }

 private:
  int loads_ = 0;
};

Task<void> NotifyWhenWoken(Waker& waker, absl::Notification& woken) {
  co_await waker.Wait();
  woken.Notify();
}

// Waits until `waker` is woken. Returns false after 10 seconds.
bool IsWoken(Waker& waker) {
  absl::Notification woken;
  Start(NotifyWhenWoken(waker, woken));
  if (woken.WaitForNotificationWithTimeout(absl::Seconds(10))) return true;
  waker.Notify(Wake::kTimer);  // Ends the task.
  return false;
}

// A listening replica with the origin "ours".
class ChangeListenerTest : public JobServiceTest {
 protected:
  // A listener resyncs first.
  ChangeListenerTest() { EXPECT_TRUE(IsWoken(*resynced_)); }

  static rpc::AccountCacheOptions CacheOptions() {
    rpc::AccountCacheOptions options;
    options.ttl = absl::Minutes(1);
    return options;
  }

  // Publishes as a replica with this origin and without subscriptions.
  void PublishAs(const std::string& origin, JobChanges changes) {
    JobSubscriptions jobs;
    FilterSubscriptions filters(absl::Minutes(1), FilterSubscriptions::Source());
    Publisher publisher(
        jobs, filters,
        [this](std::vector<std::string> payloads, absl::Time deadline) {
          return change_store_.SendNotify(std::move(payloads), deadline);
        },
        PublisherOptions{origin, absl::ZeroDuration()});
    publisher.Publish(std::move(changes));
  }
  static JobChanges Changed(const std::string& id) {
    JobChanges changes;
    changes.changed.push_back(id);
    return changes;
  }
  void FindAccount() { EXPECT_TRUE(SyncWait(accounts_.Find(ann_, Soon())).ok()); }

  Accounts loader_;
  rpc::AccountCache accounts_{CacheOptions(), SystemClock::Instance(),
                              [this](const std::string&, absl::Time) { return loader_.Load(); }};
  JobSubscriptions job_subscriptions_;
  FilterSubscriptions filter_subscriptions_{absl::Minutes(1), FilterSubscriptions::Source()};
  const std::shared_ptr<Waker> resynced_ = std::make_shared<Waker>();
  JobSubscriptions::Subscription resync_ = job_subscriptions_.SubscribeToJob("", resynced_);
  ChangeListener listener_{
      {DatabaseUrl(), "ours"}, accounts_, job_subscriptions_, filter_subscriptions_, metrics_};
};

TEST_F(ChangeListenerTest, AnotherReplicasChangeWakesOurSubscriber) {
  const std::string id = NewUuid();
  const auto waker = std::make_shared<Waker>();
  const auto subscription = job_subscriptions_.SubscribeToJob(id, waker);
  PublishAs("theirs", Changed(id));
  EXPECT_TRUE(IsWoken(*waker));
}

TEST_F(ChangeListenerTest, OurOwnPayloadIsIgnored) {
  const std::string ours = NewUuid();
  const std::string theirs = NewUuid();
  const auto not_woken = std::make_shared<Waker>();
  const auto woken = std::make_shared<Waker>();
  const auto first = job_subscriptions_.SubscribeToJob(ours, not_woken);
  const auto second = job_subscriptions_.SubscribeToJob(theirs, woken);
  PublishAs("ours", Changed(ours));
  PublishAs("theirs", Changed(theirs));
  EXPECT_TRUE(IsWoken(*woken));
  EXPECT_TRUE(not_woken->Notify(Wake::kTimer));  // Nothing has woken it.
}

TEST_F(ChangeListenerTest, AForeignWriteWakesAClaimOfItsWorkflow) {
  const auto waker = std::make_shared<Waker>();
  const auto subscription = job_subscriptions_.SubscribeToWorkflows({"foreign"}, 1, waker);
  Fill(ann_, 1, "foreign");
  EXPECT_TRUE(IsWoken(*waker));
}

TEST_F(ChangeListenerTest, AChangedUserIsLookedUpAgain) {
  const auto waker = std::make_shared<Waker>();
  const auto subscription = job_subscriptions_.SubscribeToJobAndUser("", ann_, waker);
  FindAccount();
  FindAccount();
  EXPECT_EQ(loader_.loads(), 1);
  Sql("UPDATE users SET is_active = false WHERE id = '" + ann_ + "'");
  EXPECT_TRUE(IsWoken(*waker));
  FindAccount();
  EXPECT_EQ(loader_.loads(), 2);
}

TEST_F(ChangeListenerTest, AMalformedPayloadResyncs) {
  const auto waker = std::make_shared<Waker>();
  const auto subscription = job_subscriptions_.SubscribeToJob(NewUuid(), waker);
  Sql("NOTIFY vibestack_agent_jobs, 'nonsense'");
  EXPECT_TRUE(IsWoken(*waker));
}

}  // namespace
}  // namespace vibestack::job_service
