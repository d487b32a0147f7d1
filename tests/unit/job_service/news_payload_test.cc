#include "job_service/events/news_payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/base/uuid.h"
#include "common/db/news.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kPostgresLimit = 8'000;

JobNews ChangedJobs(int count) {
  JobNews news;
  for (int i = 0; i < count; ++i) news.changed.push_back(NewUuid());
  return news;
}

// What a listener gathers from payloads; each must fit.
db::News Receive(const std::vector<std::string>& payloads) {
  db::News all;
  for (const std::string& payload : payloads) {
    EXPECT_LT(payload.size(), kPostgresLimit);
    const db::News news = db::ParseNews(payload);
    all.resync |= news.resync;
    all.ids.insert(all.ids.end(), news.ids.begin(), news.ids.end());
    all.pending.insert(all.pending.end(), news.pending.begin(), news.pending.end());
  }
  return all;
}

TEST(NewsPayloadTest, AListenerReadsWhatWasTold) {
  JobNews news = ChangedJobs(1);
  news.pending = {{"mail", 3}, {"ä \"quoted\"", 1}};
  const std::vector<std::string> payloads = EncodeNews(news, "abc");
  ASSERT_EQ(payloads.size(), 1U);
  const db::News got = db::ParseNews(payloads[0]);
  EXPECT_FALSE(got.resync);
  EXPECT_EQ(got.ids, news.changed);
  EXPECT_THAT(got.pending, ElementsAre("mail", "ä \"quoted\""));
}

TEST(NewsPayloadTest, MuchNewsIsSplitAndNoneIsLost) {
  JobNews news = ChangedJobs(3'000);
  for (int i = 0; i < 500; ++i) news.pending[std::string(90, 'w') + std::to_string(i)] = 1;
  const db::News got = Receive(EncodeNews(news, "abc"));
  EXPECT_FALSE(got.resync);
  EXPECT_EQ(std::set<std::string>(got.ids.begin(), got.ids.end()),
            std::set<std::string>(news.changed.begin(), news.changed.end()));
  EXPECT_EQ(got.pending.size(), 500U);
}

TEST(NewsPayloadTest, TheLongestWorkflowNamesFit) {
  JobNews news = ChangedJobs(150);
  for (int i = 0; i < 20; ++i) {
    news.pending[std::string(99, '\x01') + static_cast<char>('a' + i)] = 1;
  }
  EXPECT_EQ(Receive(EncodeNews(news, "abcdefgh")).pending.size(), 20U);
}

TEST(NewsPayloadTest, DeletedJobsAreToldByTheirUser) {
  JobNews news = ChangedJobs(201);
  const std::string user_id = NewUuid();
  news.deleted[user_id].assign(news.changed.begin() + 1, news.changed.end());
  const std::vector<std::string> payloads = EncodeNews(news, "abc");
  const db::News got = Receive(payloads);
  EXPECT_EQ(std::set<std::string>(got.ids.begin(), got.ids.end()),
            std::set<std::string>(news.changed.begin(), news.changed.end()));
  EXPECT_EQ(got.ids.size(), 201U) << "none twice";
  size_t deleted = 0;
  for (const std::string& payload : payloads) {
    const db::News part = db::ParseNews(payload);
    const auto it = part.deleted.find(user_id);
    if (it != part.deleted.end()) deleted += it->second.size();
  }
  EXPECT_EQ(deleted, 200U);
}

TEST(NewsPayloadTest, TooMuchNewsIsAResync) {
  const std::vector<std::string> payloads = EncodeNews(ChangedJobs(15'001), "abc");
  ASSERT_EQ(payloads.size(), 1U);
  EXPECT_TRUE(db::ParseNews(payloads[0]).resync);
}

TEST(NewsPayloadTest, AJobThatChangedTwiceIsToldOnce) {
  JobNews news = ChangedJobs(1);
  MergeNews(news, news);
  ASSERT_EQ(news.changed.size(), 2U);
  EXPECT_EQ(Receive(EncodeNews(news, "abc")).ids.size(), 1U);
}

TEST(NewsPayloadTest, NoNewsIsNoPayload) { EXPECT_THAT(EncodeNews({}, "abc"), IsEmpty()); }

TEST(NewsPayloadTest, MergedNewsCountsItsJobs) {
  JobNews news;
  news.pending = {{"a", 2}};
  JobNews more;
  more.pending = {{"a", 3}, {"b", 1}};
  MergeNews(more, news);
  EXPECT_EQ(news.pending["a"], 5);
  EXPECT_EQ(news.pending["b"], 1);
}

TEST(NewsPayloadTest, OurOwnNewsIsTold) {
  const std::string payload = EncodeNews(ChangedJobs(1), "abc")[0];
  EXPECT_TRUE(IsNewsOf(payload, "abc"));
  EXPECT_FALSE(IsNewsOf(payload, "ab"));
  EXPECT_FALSE(IsNewsOf(payload, "abd"));
  EXPECT_FALSE(IsNewsOf(R"({"ids":[]})", "abc"));
}

}  // namespace
}  // namespace vibestack::job_service
