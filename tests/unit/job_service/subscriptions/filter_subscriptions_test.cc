#include "job_service/subscriptions/filter_subscriptions.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "common/base/error.h"
#include "tests/support/eventually.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const absl::Time kBegin = absl::FromUnixSeconds(1'800'000'000);

// A fake database of jobs. It answers at once, unless the test makes it unavailable.
class Jobs {
 public:
  void Set(const std::string& id, const std::string& user_id, JobStatus status) {
    absl::MutexLock lock(&mutex_);
    now_ += absl::Microseconds(1);
    Job job;
    job.id = id;
    job.user_id = user_id;
    job.workflow_id = "w-" + user_id;
    job.status = status;
    job.updated_at = now_;
    jobs_[id] = std::make_shared<const Job>(job);
  }
  void Erase(const std::string& id) {
    absl::MutexLock lock(&mutex_);
    jobs_.erase(id);
  }
  void SetAway(bool away) {
    absl::MutexLock lock(&mutex_);
    away_ = away;
  }
  int reads() {
    absl::MutexLock lock(&mutex_);
    return reads_;
  }
  int looks() {
    absl::MutexLock lock(&mutex_);
    return looks_;
  }

  FilterSubscriptions::Source source() {
    return {[this](std::vector<std::string> ids, absl::Time) { return Read(std::move(ids)); },
            [this](absl::Time since, absl::Time) { return FindChanged(since); }};
  }

 private:
  Task<absl::StatusOr<std::vector<JobPtr>>> Read(std::vector<std::string> ids) {
    absl::MutexLock lock(&mutex_);
    ++reads_;
    if (away_) co_return UnavailableError("DATABASE_UNAVAILABLE", "away");
    std::vector<JobPtr> jobs;
    for (const std::string& id : ids) jobs.push_back(jobs_.contains(id) ? jobs_[id] : nullptr);
    co_return jobs;
  }
  Task<absl::StatusOr<RecentChanges>> FindChanged(absl::Time since) {
    absl::MutexLock lock(&mutex_);
    ++looks_;
    if (away_) co_return UnavailableError("DATABASE_UNAVAILABLE", "away");
    RecentChanges changes;
    changes.now = now_;
    for (const auto& [id, job] : jobs_) {
      if (job->updated_at >= since) changes.jobs.push_back({id, job->updated_at});
    }
    co_return changes;
  }

  absl::Mutex mutex_;
  std::map<std::string, JobPtr> jobs_ ABSL_GUARDED_BY(mutex_);
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = kBegin;
  bool away_ ABSL_GUARDED_BY(mutex_) = false;
  int reads_ ABSL_GUARDED_BY(mutex_) = 0;
  int looks_ ABSL_GUARDED_BY(mutex_) = 0;
};

JobChanges Changed(std::vector<std::string> ids) {
  JobChanges changes;
  changes.changed = std::move(ids);
  return changes;
}

std::shared_ptr<FilterSubscriber> OfUser(const std::string& user_id) {
  return std::make_shared<FilterSubscriber>(JobFilter{user_id, std::nullopt});
}

std::shared_ptr<FilterSubscriber> OfAll() {
  return std::make_shared<FilterSubscriber>(JobFilter{});
}

FilterSubscriber::Changes Take(const std::shared_ptr<FilterSubscriber>& watcher) {
  absl::StatusOr<FilterSubscriber::Changes> changes = watcher->Take(1'000'000);
  EXPECT_TRUE(changes.ok()) << changes.status();
  return changes.ok() ? *std::move(changes) : FilterSubscriber::Changes();
}

std::vector<std::string> Ids(const FilterSubscriber::Changes& changes) {
  std::vector<std::string> ids;
  for (const JobPtr& job : changes.jobs) ids.push_back(job->id);
  return ids;
}

// Waits until the subscriber has changes, and takes them.
FilterSubscriber::Changes Await(const std::shared_ptr<FilterSubscriber>& watcher) {
  FilterSubscriber::Changes changes;
  Eventually(absl::Seconds(30), [&] {
    changes = Take(watcher);
    return !changes.empty();
  });
  return changes;
}

class FilterSubscriptionsTest : public testing::Test {
 protected:
  // rpc::Alarm needs this.
  static void SetUpTestSuite() { grpc_init(); }
  static void TearDownTestSuite() { grpc_shutdown(); }

  Jobs jobs_;
  FilterSubscriptions filter_subscriptions_{absl::Hours(1), jobs_.source()};
};

TEST_F(FilterSubscriptionsTest, EachSubscriberReceivesTheJobsOfItsFilter) {
  const auto ann = OfUser("ann");
  const auto all = OfAll();
  const auto workflow = std::make_shared<FilterSubscriber>(JobFilter{std::nullopt, "w-bob"});
  const FilterSubscriptions::Subscription watch_ann(filter_subscriptions_.Subscribe(ann));
  const FilterSubscriptions::Subscription watch_all(filter_subscriptions_.Subscribe(all));
  const FilterSubscriptions::Subscription watch_workflow(filter_subscriptions_.Subscribe(workflow));
  jobs_.Set("1", "ann", JobStatus::kPending);
  jobs_.Set("2", "bob", JobStatus::kPending);
  filter_subscriptions_.Notify(Changed({"1", "2", "unknown"}));
  EXPECT_THAT(Ids(Take(ann)), ElementsAre("1"));
  EXPECT_THAT(Ids(Take(all)), UnorderedElementsAre("1", "2"));
  EXPECT_THAT(Ids(Take(workflow)), ElementsAre("2"));
  EXPECT_TRUE(Take(ann).empty());
  EXPECT_EQ(jobs_.reads(), 1) << "once for all of them";
}

TEST_F(FilterSubscriptionsTest, DeletionsReachTheirUserAndSubscribersWithoutAUserFilter) {
  const auto ann = OfUser("ann");
  const auto bob = OfUser("bob");
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch_ann(filter_subscriptions_.Subscribe(ann));
  const FilterSubscriptions::Subscription watch_bob(filter_subscriptions_.Subscribe(bob));
  const FilterSubscriptions::Subscription watch_all(filter_subscriptions_.Subscribe(all));
  JobChanges changes = Changed({"1", "2"});
  changes.deleted["ann"] = {"1", "2"};
  jobs_.Set("2", "ann", JobStatus::kPending);  // Created again in the meantime.
  filter_subscriptions_.Notify(changes);
  const FilterSubscriber::Changes to_ann = Take(ann);
  EXPECT_THAT(to_ann.deleted_ids, ElementsAre("1"));
  EXPECT_THAT(Ids(to_ann), ElementsAre("2"));
  EXPECT_THAT(Take(all).deleted_ids, ElementsAre("1"));
  EXPECT_TRUE(Take(bob).empty());
}

TEST_F(FilterSubscriptionsTest, ASlowReaderReceivesTheLatestStateOnly) {
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(all));
  for (const JobStatus status :
       {JobStatus::kPending, JobStatus::kProcessing, JobStatus::kCompleted}) {
    jobs_.Set("1", "ann", status);
    filter_subscriptions_.Notify(Changed({"1"}));
  }
  const FilterSubscriber::Changes changes = Take(all);
  ASSERT_THAT(Ids(changes), ElementsAre("1"));
  EXPECT_EQ(changes.jobs[0]->status, JobStatus::kCompleted);
}

TEST_F(FilterSubscriptionsTest, ATooSlowReaderReceivesAnErrorAndNoJobs) {
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(all));
  std::vector<std::string> ids;
  for (size_t i = 0; i <= FilterSubscriber::kMaxJobs; ++i) {
    ids.push_back(std::to_string(i));
    jobs_.Set(ids.back(), "ann", JobStatus::kPending);
  }
  filter_subscriptions_.Notify(Changed(ids));
  EXPECT_EQ(ErrorReason(all->Take(1).status()), "READER_TOO_SLOW");
  EXPECT_EQ(ErrorReason(all->Take(1).status()), "READER_TOO_SLOW");
}

TEST_F(FilterSubscriptionsTest, AResyncFindsMissedJobsAndRepeatsNone) {
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(all));
  jobs_.Set("notified", "ann", JobStatus::kPending);
  filter_subscriptions_.Notify(Changed({"notified"}));
  EXPECT_THAT(Ids(Take(all)), ElementsAre("notified"));
  jobs_.Set("missed", "ann", JobStatus::kPending);
  filter_subscriptions_.Resync();
  const FilterSubscriber::Changes changes = Take(all);
  EXPECT_THAT(Ids(changes), ElementsAre("missed"));
  EXPECT_TRUE(changes.missed) << "deletions leave no trace";
  filter_subscriptions_.Resync();
  EXPECT_THAT(Ids(Take(all)), IsEmpty());
}

TEST_F(FilterSubscriptionsTest, ChangesDuringADatabaseOutageArriveAfterIt) {
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(all));
  jobs_.SetAway(true);
  jobs_.Set("1", "ann", JobStatus::kPending);
  filter_subscriptions_.Notify(Changed({"1"}));
  EXPECT_TRUE(Take(all).empty());
  jobs_.SetAway(false);
  EXPECT_THAT(Ids(Await(all)), ElementsAre("1"));
}

TEST_F(FilterSubscriptionsTest, PollsFindJobsWithoutAChangeEvent) {
  FilterSubscriptions filter_subscriptions(absl::Milliseconds(20), jobs_.source());
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions.Subscribe(all));
  jobs_.Set("1", "ann", JobStatus::kPending);
  EXPECT_THAT(Ids(Await(all)), ElementsAre("1"));
}

TEST_F(FilterSubscriptionsTest, NothingIsReadWhileNobodyWatches) {
  jobs_.Set("1", "ann", JobStatus::kPending);
  filter_subscriptions_.Notify(Changed({"1"}));
  filter_subscriptions_.Resync();
  { const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(OfAll())); }
  filter_subscriptions_.Notify(Changed({"1"}));
  EXPECT_EQ(jobs_.reads(), 0);
  EXPECT_EQ(jobs_.looks(), 1);
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(all));
  filter_subscriptions_.Notify(Changed({"1"}));
  EXPECT_THAT(Ids(Take(all)), ElementsAre("1"));
}

TEST_F(FilterSubscriptionsTest, AChangeWakesAWatcherAlsoIfItCameFirst) {
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(all));
  auto first = std::make_shared<Waker>();
  all->WakeOnChange(first);
  jobs_.Set("1", "ann", JobStatus::kPending);
  filter_subscriptions_.Notify(Changed({"1"}));
  EXPECT_FALSE(first->Notify(Wake::kTimer)) << "was woken";
  auto second = std::make_shared<Waker>();
  all->WakeOnChange(second);
  EXPECT_FALSE(second->Notify(Wake::kTimer));
}

TEST_F(FilterSubscriptionsTest, JobsThatAListReturnedAreNotSentAgain) {
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(all));
  jobs_.Set("1", "ann", JobStatus::kPending);
  filter_subscriptions_.Notify(Changed({"1"}));
  const FilterSubscriber::Changes changes = Take(all);
  all->PutBack(changes);
  Job older = *changes.jobs.at(0);
  older.updated_at -= absl::Microseconds(1);
  all->RemoveSent({older});
  EXPECT_THAT(Ids(Take(all)), ElementsAre("1"));
  all->PutBack(changes);
  all->RemoveSent({*changes.jobs.at(0)});
  EXPECT_TRUE(Take(all).empty());
}

TEST_F(FilterSubscriptionsTest, PutBackNeverReplacesANewerState) {
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(all));
  jobs_.Set("1", "ann", JobStatus::kPending);
  filter_subscriptions_.Notify(Changed({"1"}));
  const FilterSubscriber::Changes changes = Take(all);
  jobs_.Set("1", "ann", JobStatus::kFailed);
  filter_subscriptions_.Notify(Changed({"1"}));
  all->PutBack(changes);
  EXPECT_EQ(Take(all).jobs.at(0)->status, JobStatus::kFailed);
}

TEST_F(FilterSubscriptionsTest, ClosingReleasesEverything) {
  const auto all = OfAll();
  const FilterSubscriptions::Subscription watch(filter_subscriptions_.Subscribe(all));
  jobs_.SetAway(true);
  filter_subscriptions_.Resync();
  filter_subscriptions_.Close();
  filter_subscriptions_.Close();
  filter_subscriptions_.Notify(Changed({"1"}));
  const FilterSubscriptions::Subscription late(filter_subscriptions_.Subscribe(OfAll()));
}

}  // namespace
}  // namespace vibestack::job_service
