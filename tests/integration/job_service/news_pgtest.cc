#include "absl/time/clock.h"
#include "common/db/listener.h"
#include "common/db/news.h"
#include "job_service/events/hub.h"
#include "job_service/events/news_payload.h"
#include "job_service/events/publisher.h"
#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::Contains;
using testing::IsEmpty;

// What another replica hears.
class NewsTest : public JobServiceTest {
 protected:
  NewsTest() {
    absl::MutexLock lock(&mutex_);
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&listening_), absl::Seconds(10)));
  }

  db::ListenerOptions ListenerOptions() {
    db::ListenerOptions options;
    options.database_url = DatabaseUrl();
    options.application_name = "news_pgtest";
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

  // The next payload, or "" when none comes.
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
  Hub hub_;
  Publisher publisher_{hub_, "abc", [this](std::vector<std::string> payloads, absl::Time deadline) {
                         return store_.SendNews(std::move(payloads), deadline);
                       }};
};

TEST_F(NewsTest, OurNewsReachesAnotherReplica) {
  MustCreate(ann_, "w \"ä\"");
  publisher_.Publish(TakeNews());
  const std::string payload = Hear();
  EXPECT_TRUE(IsNewsOf(payload, "abc")) << payload;
  EXPECT_THAT(db::ParseNews(payload).pending, Contains("w \"ä\""));
}

TEST_F(NewsTest, OurWritesNotifyNobodyByThemselves) {
  MustCreate(ann_);
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0])).ok());
  // What comes next is what we say, and nothing from before it.
  JobNews last;
  last.pending["last"] = 1;
  publisher_.Publish(last);
  EXPECT_THAT(db::ParseNews(Hear()).pending, Contains("last"));
}

TEST_F(NewsTest, SomebodyElsesWritesNotify) {
  Fill(ann_, 3, "foreign");
  EXPECT_THAT(db::ParseNews(Hear()).pending, Contains("foreign"));
}

TEST_F(NewsTest, AThousandJobsFitIntoNotify) {
  JobNews news;
  for (int i = 0; i < 1'000; ++i) news.changed.push_back(NewUuid());
  publisher_.Publish(news);
  publisher_.Close();
  size_t ids = 0;
  while (ids < 1'000) {
    const std::string payload = Hear();
    ASSERT_NE(payload, "");
    ids += db::ParseNews(payload).ids.size();
  }
  EXPECT_EQ(ids, 1'000U);
}

}  // namespace
}  // namespace vibestack::job_service
