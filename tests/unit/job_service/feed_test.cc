#include "job_service/events/feed.h"

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

// A database of jobs, which answers at once unless it is away.
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

  Feed::Source source() {
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

JobNews Changed(std::vector<std::string> ids) {
  JobNews news;
  news.changed = std::move(ids);
  return news;
}

std::shared_ptr<FeedWatcher> OfUser(const std::string& user_id) {
  return std::make_shared<FeedWatcher>(JobFilter{user_id, std::nullopt});
}

std::shared_ptr<FeedWatcher> OfAll() { return std::make_shared<FeedWatcher>(JobFilter{}); }

FeedWatcher::Changes Take(const std::shared_ptr<FeedWatcher>& watcher) {
  absl::StatusOr<FeedWatcher::Changes> changes = watcher->Take(1'000'000);
  EXPECT_TRUE(changes.ok()) << changes.status();
  return changes.ok() ? *std::move(changes) : FeedWatcher::Changes();
}

std::vector<std::string> Ids(const FeedWatcher::Changes& changes) {
  std::vector<std::string> ids;
  for (const JobPtr& job : changes.jobs) ids.push_back(job->id);
  return ids;
}

// Waits until there is something to take, and takes it.
FeedWatcher::Changes Await(const std::shared_ptr<FeedWatcher>& watcher) {
  FeedWatcher::Changes changes;
  Eventually(absl::Seconds(30), [&] {
    changes = Take(watcher);
    return !changes.empty();
  });
  return changes;
}

class FeedTest : public testing::Test {
 protected:
  // See rpc::Alarm.
  static void SetUpTestSuite() { grpc_init(); }
  static void TearDownTestSuite() { grpc_shutdown(); }

  Jobs jobs_;
  Feed feed_{absl::Hours(1), jobs_.source()};
};

TEST_F(FeedTest, EachIsToldOfTheJobsThatConcernThem) {
  const auto ann = OfUser("ann");
  const auto all = OfAll();
  const auto workflow = std::make_shared<FeedWatcher>(JobFilter{std::nullopt, "w-bob"});
  const Feed::Subscription watch_ann(feed_.Watch(ann));
  const Feed::Subscription watch_all(feed_.Watch(all));
  const Feed::Subscription watch_workflow(feed_.Watch(workflow));
  jobs_.Set("1", "ann", JobStatus::kPending);
  jobs_.Set("2", "bob", JobStatus::kPending);
  feed_.Tell(Changed({"1", "2", "unknown"}));
  EXPECT_THAT(Ids(Take(ann)), ElementsAre("1"));
  EXPECT_THAT(Ids(Take(all)), UnorderedElementsAre("1", "2"));
  EXPECT_THAT(Ids(Take(workflow)), ElementsAre("2"));
  EXPECT_TRUE(Take(ann).empty());
  EXPECT_EQ(jobs_.reads(), 1) << "once for all of them";
}

TEST_F(FeedTest, DeletedJobsAreToldToTheirUserAndToThoseWhoSeeAll) {
  const auto ann = OfUser("ann");
  const auto bob = OfUser("bob");
  const auto all = OfAll();
  const Feed::Subscription watch_ann(feed_.Watch(ann));
  const Feed::Subscription watch_bob(feed_.Watch(bob));
  const Feed::Subscription watch_all(feed_.Watch(all));
  JobNews news = Changed({"1", "2"});
  news.deleted["ann"] = {"1", "2"};
  jobs_.Set("2", "ann", JobStatus::kPending);  // Made anew meanwhile.
  feed_.Tell(news);
  const FeedWatcher::Changes to_ann = Take(ann);
  EXPECT_THAT(to_ann.deleted_ids, ElementsAre("1"));
  EXPECT_THAT(Ids(to_ann), ElementsAre("2"));
  EXPECT_THAT(Take(all).deleted_ids, ElementsAre("1"));
  EXPECT_TRUE(Take(bob).empty());
}

TEST_F(FeedTest, ASlowReaderIsToldTheLatestStateOnly) {
  const auto all = OfAll();
  const Feed::Subscription watch(feed_.Watch(all));
  for (const JobStatus status :
       {JobStatus::kPending, JobStatus::kProcessing, JobStatus::kCompleted}) {
    jobs_.Set("1", "ann", status);
    feed_.Tell(Changed({"1"}));
  }
  const FeedWatcher::Changes changes = Take(all);
  ASSERT_THAT(Ids(changes), ElementsAre("1"));
  EXPECT_EQ(changes.jobs[0]->status, JobStatus::kCompleted);
}

TEST_F(FeedTest, AReaderThatIsTooSlowIsToldSoAndHoldsNothing) {
  const auto all = OfAll();
  const Feed::Subscription watch(feed_.Watch(all));
  std::vector<std::string> ids;
  for (size_t i = 0; i <= FeedWatcher::kMaxJobs; ++i) {
    ids.push_back(std::to_string(i));
    jobs_.Set(ids.back(), "ann", JobStatus::kPending);
  }
  feed_.Tell(Changed(ids));
  EXPECT_EQ(ErrorReason(all->Take(1).status()), "READER_TOO_SLOW");
  EXPECT_EQ(ErrorReason(all->Take(1).status()), "READER_TOO_SLOW");
}

TEST_F(FeedTest, ALookFindsWhatNoNewsToldAndNothingTwice) {
  const auto all = OfAll();
  const Feed::Subscription watch(feed_.Watch(all));
  jobs_.Set("told", "ann", JobStatus::kPending);
  feed_.Tell(Changed({"told"}));
  EXPECT_THAT(Ids(Take(all)), ElementsAre("told"));
  jobs_.Set("missed", "ann", JobStatus::kPending);
  feed_.Resync();
  const FeedWatcher::Changes changes = Take(all);
  EXPECT_THAT(Ids(changes), ElementsAre("missed"));
  EXPECT_TRUE(changes.missed) << "deletions leave no trace";
  feed_.Resync();
  EXPECT_THAT(Ids(Take(all)), IsEmpty());
}

TEST_F(FeedTest, WhatChangedWhileTheDatabaseWasAwayIsToldAfterwards) {
  const auto all = OfAll();
  const Feed::Subscription watch(feed_.Watch(all));
  jobs_.SetAway(true);
  jobs_.Set("1", "ann", JobStatus::kPending);
  feed_.Tell(Changed({"1"}));
  EXPECT_TRUE(Take(all).empty());
  jobs_.SetAway(false);
  EXPECT_THAT(Ids(Await(all)), ElementsAre("1"));
}

TEST_F(FeedTest, PollsFindWhatNoNewsTold) {
  Feed feed(absl::Milliseconds(20), jobs_.source());
  const auto all = OfAll();
  const Feed::Subscription watch(feed.Watch(all));
  jobs_.Set("1", "ann", JobStatus::kPending);
  EXPECT_THAT(Ids(Await(all)), ElementsAre("1"));
}

TEST_F(FeedTest, NothingIsReadWhileNobodyWatches) {
  jobs_.Set("1", "ann", JobStatus::kPending);
  feed_.Tell(Changed({"1"}));
  feed_.Resync();
  { const Feed::Subscription watch(feed_.Watch(OfAll())); }
  feed_.Tell(Changed({"1"}));
  EXPECT_EQ(jobs_.reads(), 0);
  EXPECT_EQ(jobs_.looks(), 1);
  const auto all = OfAll();
  const Feed::Subscription watch(feed_.Watch(all));
  feed_.Tell(Changed({"1"}));
  EXPECT_THAT(Ids(Take(all)), ElementsAre("1"));
}

TEST_F(FeedTest, AWatcherIsWokenByAChangeAndAtOnceWhenThereIsOne) {
  const auto all = OfAll();
  const Feed::Subscription watch(feed_.Watch(all));
  auto first = std::make_shared<Waker>();
  all->WakeOnChange(first);
  jobs_.Set("1", "ann", JobStatus::kPending);
  feed_.Tell(Changed({"1"}));
  EXPECT_FALSE(first->Notify(Wake::kTimer)) << "was woken";
  auto second = std::make_shared<Waker>();
  all->WakeOnChange(second);
  EXPECT_FALSE(second->Notify(Wake::kTimer));
}

TEST_F(FeedTest, WhatAListToldIsNotToldAgain) {
  const auto all = OfAll();
  const Feed::Subscription watch(feed_.Watch(all));
  jobs_.Set("1", "ann", JobStatus::kPending);
  feed_.Tell(Changed({"1"}));
  const FeedWatcher::Changes changes = Take(all);
  all->PutBack(changes);
  Job older = *changes.jobs.at(0);
  older.updated_at -= absl::Microseconds(1);
  all->Forget({older});
  EXPECT_THAT(Ids(Take(all)), ElementsAre("1"));
  all->PutBack(changes);
  all->Forget({*changes.jobs.at(0)});
  EXPECT_TRUE(Take(all).empty());
}

TEST_F(FeedTest, WhatIsPutBackNeverReplacesWhatIsNewer) {
  const auto all = OfAll();
  const Feed::Subscription watch(feed_.Watch(all));
  jobs_.Set("1", "ann", JobStatus::kPending);
  feed_.Tell(Changed({"1"}));
  const FeedWatcher::Changes changes = Take(all);
  jobs_.Set("1", "ann", JobStatus::kFailed);
  feed_.Tell(Changed({"1"}));
  all->PutBack(changes);
  EXPECT_EQ(Take(all).jobs.at(0)->status, JobStatus::kFailed);
}

TEST_F(FeedTest, ClosingLetsGoOfEverything) {
  const auto all = OfAll();
  const Feed::Subscription watch(feed_.Watch(all));
  jobs_.SetAway(true);
  feed_.Resync();
  feed_.Close();
  feed_.Close();
  feed_.Tell(Changed({"1"}));
  const Feed::Subscription late(feed_.Watch(OfAll()));
}

}  // namespace
}  // namespace vibestack::job_service
