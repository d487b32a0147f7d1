#include <set>

#include "absl/time/clock.h"
#include "common/db/change_event.h"
#include "common/db/listener.h"
#include "job_service/subscriptions/job_subscriptions.h"
#include "job_service/subscriptions/notify_payload.h"
#include "job_service/subscriptions/publisher.h"
#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::Contains;
using testing::IsEmpty;

// The test listens, as another replica does.
class ChangeStoreTest : public JobServiceTest {
 protected:
  ChangeStoreTest() {
    absl::MutexLock lock(&mutex_);
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&listening_), absl::Seconds(10)));
  }

  db::ListenerOptions ListenerOptions() {
    db::ListenerOptions options;
    options.database_url = DatabaseUrl();
    options.application_name = "change_store_pgtest";
    options.channels = {db::kJobsChannel};
    options.on_notification = [this](const std::string&, const std::string& payload) {
      absl::MutexLock lock(&mutex_);
      heard_.push_back(payload);
    };
    options.on_listening = [this] {
      absl::MutexLock lock(&mutex_);
      listening_ = true;
    };
    return options;
  }

  // The next payload; "" if none arrives within `timeout`.
  std::string Hear(absl::Duration timeout = absl::Seconds(10)) {
    absl::MutexLock lock(&mutex_);
    const auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !heard_.empty(); };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&some), timeout)) return "";
    std::string payload = heard_.front();
    heard_.erase(heard_.begin());
    return payload;
  }

  absl::Mutex mutex_;
  std::vector<std::string> heard_ ABSL_GUARDED_BY(mutex_);
  bool listening_ ABSL_GUARDED_BY(mutex_) = false;
  db::Listener listener_{ListenerOptions()};
  JobSubscriptions job_subscriptions_;
  FilterSubscriptions filter_subscriptions_{absl::Minutes(1), FilterSubscriptions::Source()};
  Publisher publisher_{job_subscriptions_, filter_subscriptions_,
                       [this](std::vector<std::string> payloads, absl::Time deadline) {
                         return change_store_.SendNotify(std::move(payloads), deadline);
                       },
                       PublisherOptions{"abc", absl::ZeroDuration()}};
};

TEST_F(ChangeStoreTest, ChangeEventsReachAnotherReplica) {
  MustCreate(ann_, "w \"ä\"");
  publisher_.Publish(TakeChanges());
  const std::string payload = Hear();
  EXPECT_TRUE(IsFrom(payload, "abc")) << payload;
  EXPECT_THAT(db::ParseChangeEvent(payload).pending, Contains("w \"ä\""));
}

TEST_F(ChangeStoreTest, OurSessionsWriteWithoutTriggerNotifications) {
  MustCreate(ann_);
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0])).ok());
  // The next payload is the published one, so the writes have sent none.
  JobChanges last;
  last.pending["last"] = 1;
  publisher_.Publish(last);
  EXPECT_THAT(db::ParseChangeEvent(Hear()).pending, Contains("last"));
}

TEST_F(ChangeStoreTest, WritesOfAForeignProgramNotify) {
  Fill(ann_, 3, "foreign");
  EXPECT_THAT(db::ParseChangeEvent(Hear()).pending, Contains("foreign"));
}

TEST_F(ChangeStoreTest, AThousandJobsFitIntoNotify) {
  JobChanges changes;
  for (int i = 0; i < 1'000; ++i) changes.changed.push_back(NewUuid());
  publisher_.Publish(changes);
  publisher_.Close();
  size_t ids = 0;
  while (ids < 1'000) {
    const std::string payload = Hear();
    ASSERT_NE(payload, "");
    ids += db::ParseChangeEvent(payload).ids.size();
  }
  EXPECT_EQ(ids, 1'000U);
}

TEST_F(ChangeStoreTest, RecentChangesAreFoundInEveryStatus) {
  MustCreate(ann_, "older");
  const absl::Time since = SyncWait(change_store_.FindChanged(absl::InfiniteFuture(), Soon()))->now;
  const std::string failed = Failed();
  Fill(bob_, 6'000, "many");
  const auto changes = SyncWait(change_store_.FindChanged(since, Soon()));
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_TRUE(changes->complete);
  std::set<std::string> ids;
  for (const auto& job : changes->jobs) ids.insert(job.id);
  EXPECT_EQ(ids.size(), changes->jobs.size()) << "none twice";
  EXPECT_EQ(ids.size(), 6'001U);
  EXPECT_TRUE(ids.contains(failed));
}

}  // namespace
}  // namespace vibestack::job_service
