#include "job_service/subscriptions/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "common/async/completion.h"
#include "common/base/error.h"
#include "common/db/change_event.h"

namespace vibestack::job_service {
namespace {

using testing::UnorderedElementsAre;

// A database whose NOTIFY takes until it is told to end.
class SlowNotify {
 public:
  Publisher::Send Send() {
    return
        [this](std::vector<std::string> payloads, absl::Time) { return Run(std::move(payloads)); };
  }

  size_t sent() const { return batches_.size(); }
  const std::vector<std::string>& batch(size_t i) const { return batches_[i]; }
  void End(absl::Status status = absl::OkStatus()) {
    Completion<absl::Status>* done = under_way_.front();
    under_way_.pop_front();
    done->Set(std::move(status));
  }
  size_t under_way() const { return under_way_.size(); }

 private:
  Task<absl::Status> Run(std::vector<std::string> payloads) {
    batches_.push_back(std::move(payloads));
    Completion<absl::Status> done;
    under_way_.push_back(&done);
    co_return co_await done;
  }

  std::vector<std::vector<std::string>> batches_;
  std::deque<Completion<absl::Status>*> under_way_;
};

JobChanges Pending(const std::string& workflow_id) {
  JobChanges changes;
  changes.pending[workflow_id] = 1;
  return changes;
}

TEST(PublisherTest, NewsIsSentAtOnceWhenNothingIsUnderWay) {
  JobSubscriptions job_subscriptions;
  SlowNotify notify;
  Publisher publisher(job_subscriptions, "abc", notify.Send());
  publisher.Publish(Pending("w"));
  EXPECT_EQ(notify.under_way(), 1U);
  notify.End();
}

TEST(PublisherTest, WhatComesMeanwhileIsMergedIntoOneStatement) {
  JobSubscriptions job_subscriptions;
  SlowNotify notify;
  Publisher publisher(job_subscriptions, "abc", notify.Send());
  publisher.Publish(Pending("first"));
  for (const char* workflow_id : {"a", "b", "a"}) publisher.Publish(Pending(workflow_id));
  EXPECT_EQ(notify.under_way(), 1U);
  notify.End();
  ASSERT_EQ(notify.sent(), 2U);
  ASSERT_EQ(notify.batch(1).size(), 1U);
  EXPECT_THAT(db::ParseChangeEvent(notify.batch(1)[0]).pending, UnorderedElementsAre("a", "b"));
  notify.End();
  EXPECT_EQ(notify.under_way(), 0U);
}

TEST(PublisherTest, OurOwnWaitersDoNotWaitForTheDatabase) {
  JobSubscriptions job_subscriptions;
  SlowNotify notify;
  Publisher publisher(job_subscriptions, "abc", notify.Send());
  publisher.Publish(Pending("first"));
  auto waker = std::make_shared<Waker>();
  const auto watch = job_subscriptions.WatchWorkflows({"w"}, 1, waker);
  publisher.Publish(Pending("w"));
  EXPECT_FALSE(waker->Notify(Wake::kTimer));  // It was woken.
  notify.End();
  notify.End();
}

TEST(PublisherTest, AFailedSendDoesNotStopTheNext) {
  JobSubscriptions job_subscriptions;
  SlowNotify notify;
  Publisher publisher(job_subscriptions, "abc", notify.Send());
  publisher.Publish(Pending("a"));
  notify.End(UnavailableError("DATABASE_UNAVAILABLE", "away"));
  publisher.Publish(Pending("b"));
  EXPECT_EQ(notify.sent(), 2U);
  notify.End();
}

TEST(PublisherTest, NoNewsSendsNothing) {
  JobSubscriptions job_subscriptions;
  SlowNotify notify;
  Publisher publisher(job_subscriptions, "abc", notify.Send());
  publisher.Publish({});
  EXPECT_EQ(notify.sent(), 0U);
}

}  // namespace
}  // namespace vibestack::job_service
