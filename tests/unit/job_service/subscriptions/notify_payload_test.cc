#include "job_service/subscriptions/notify_payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/base/uuid.h"
#include "common/db/change_event.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kPostgresLimit = 8'000;

JobChanges ChangedJobs(int count) {
  JobChanges changes;
  for (int i = 0; i < count; ++i) changes.changed.push_back(NewUuid());
  return changes;
}

// Merges the change events that a listener reads from `payloads`. Expects that each is below
// PostgreSQL's limit.
db::ChangeEvent Receive(const std::vector<std::string>& payloads) {
  db::ChangeEvent all;
  for (const std::string& payload : payloads) {
    EXPECT_LT(payload.size(), kPostgresLimit);
    const db::ChangeEvent changes = db::ParseChangeEvent(payload);
    all.resync |= changes.resync;
    all.ids.insert(all.ids.end(), changes.ids.begin(), changes.ids.end());
    all.pending.insert(all.pending.end(), changes.pending.begin(), changes.pending.end());
  }
  return all;
}

TEST(NotifyPayloadTest, AListenerReadsTheEncodedChanges) {
  JobChanges changes = ChangedJobs(1);
  changes.pending = {{"mail", 3}, {"ä \"quoted\"", 1}};
  const std::vector<std::string> payloads = EncodeNotifyPayloads(changes, "abc");
  ASSERT_EQ(payloads.size(), 1U);
  const db::ChangeEvent got = db::ParseChangeEvent(payloads[0]);
  EXPECT_FALSE(got.resync);
  EXPECT_EQ(got.ids, changes.changed);
  EXPECT_THAT(got.pending, ElementsAre("mail", "ä \"quoted\""));
}

TEST(NotifyPayloadTest, ManyChangesAreSplitAndNoneIsLost) {
  JobChanges changes = ChangedJobs(3'000);
  for (int i = 0; i < 500; ++i) changes.pending[std::string(90, 'w') + std::to_string(i)] = 1;
  const db::ChangeEvent got = Receive(EncodeNotifyPayloads(changes, "abc"));
  EXPECT_FALSE(got.resync);
  EXPECT_EQ(std::set<std::string>(got.ids.begin(), got.ids.end()),
            std::set<std::string>(changes.changed.begin(), changes.changed.end()));
  EXPECT_EQ(got.pending.size(), 500U);
}

TEST(NotifyPayloadTest, TheLongestWorkflowNamesFit) {
  JobChanges changes = ChangedJobs(150);
  for (int i = 0; i < 20; ++i) {
    changes.pending[std::string(99, '\x01') + static_cast<char>('a' + i)] = 1;
  }
  EXPECT_EQ(Receive(EncodeNotifyPayloads(changes, "abcdefgh")).pending.size(), 20U);
}

TEST(NotifyPayloadTest, DeletedJobsAreGroupedByUser) {
  JobChanges changes = ChangedJobs(201);
  const std::string user_id = NewUuid();
  changes.deleted[user_id].assign(changes.changed.begin() + 1, changes.changed.end());
  const std::vector<std::string> payloads = EncodeNotifyPayloads(changes, "abc");
  const db::ChangeEvent got = Receive(payloads);
  EXPECT_EQ(std::set<std::string>(got.ids.begin(), got.ids.end()),
            std::set<std::string>(changes.changed.begin(), changes.changed.end()));
  EXPECT_EQ(got.ids.size(), 201U) << "none twice";
  size_t deleted = 0;
  for (const std::string& payload : payloads) {
    const db::ChangeEvent part = db::ParseChangeEvent(payload);
    const auto it = part.deleted.find(user_id);
    if (it != part.deleted.end()) deleted += it->second.size();
  }
  EXPECT_EQ(deleted, 200U);
}

TEST(NotifyPayloadTest, TooManyChangesAreAResync) {
  const std::vector<std::string> payloads = EncodeNotifyPayloads(ChangedJobs(15'001), "abc");
  ASSERT_EQ(payloads.size(), 1U);
  EXPECT_TRUE(db::ParseChangeEvent(payloads[0]).resync);
}

TEST(NotifyPayloadTest, AJobThatChangedTwiceIsNamedOnce) {
  JobChanges changes = ChangedJobs(1);
  MergeChanges(changes, changes);
  ASSERT_EQ(changes.changed.size(), 2U);
  EXPECT_EQ(Receive(EncodeNotifyPayloads(changes, "abc")).ids.size(), 1U);
}

TEST(NotifyPayloadTest, NoChangesMakeNoPayload) {
  EXPECT_THAT(EncodeNotifyPayloads({}, "abc"), IsEmpty());
}

TEST(NotifyPayloadTest, MergedChangesAddUpTheirJobs) {
  JobChanges changes;
  changes.pending = {{"a", 2}};
  JobChanges more;
  more.pending = {{"a", 3}, {"b", 1}};
  MergeChanges(more, changes);
  EXPECT_EQ(changes.pending["a"], 5);
  EXPECT_EQ(changes.pending["b"], 1);
}

TEST(NotifyPayloadTest, IsFromRecognizesOurOwnPayloads) {
  const std::string payload = EncodeNotifyPayloads(ChangedJobs(1), "abc")[0];
  EXPECT_TRUE(IsFrom(payload, "abc"));
  EXPECT_FALSE(IsFrom(payload, "ab"));
  EXPECT_FALSE(IsFrom(payload, "abd"));
  EXPECT_FALSE(IsFrom(R"({"ids":[]})", "abc"));
}

}  // namespace
}  // namespace vibestack::job_service
