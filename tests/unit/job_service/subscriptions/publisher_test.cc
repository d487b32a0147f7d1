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

// A fake database whose NOTIFY ends at End().
class SlowNotify {
 public:
  Publisher::SendNotify Send() {
    return
        [this](std::vector<std::string> payloads, absl::Time) { return Run(std::move(payloads)); };
  }

  size_t sent() const { return batches_.size(); }
  const std::vector<std::string>& batch(size_t i) const { return batches_[i]; }
  void End(absl::Status status = absl::OkStatus()) {
    Completion<absl::Status>* done = in_flight_.front();
    in_flight_.pop_front();
    done->Set(std::move(status));
  }
  size_t in_flight() const { return in_flight_.size(); }

 private:
  Task<absl::Status> Run(std::vector<std::string> payloads) {
    batches_.push_back(std::move(payloads));
    Completion<absl::Status> done;
    in_flight_.push_back(&done);
    co_return co_await done;
  }

  std::vector<std::vector<std::string>> batches_;
  std::deque<Completion<absl::Status>*> in_flight_;
};

JobChanges Pending(const std::string& workflow_id) {
  JobChanges changes;
  changes.pending[workflow_id] = 1;
  return changes;
}

class PublisherTest : public testing::Test {
 protected:
  JobSubscriptions job_subscriptions_;
  FilterSubscriptions filter_subscriptions_{absl::Minutes(1), FilterSubscriptions::Source()};
  SlowNotify notify_;
  Publisher publisher_{job_subscriptions_, filter_subscriptions_, notify_.Send(),
                       PublisherOptions{"abc", absl::ZeroDuration()}};
};

TEST_F(PublisherTest, AChangeIsSentAtOnceWhenNothingIsInFlight) {
  publisher_.Publish(Pending("w"));
  EXPECT_EQ(notify_.in_flight(), 1U);
  notify_.End();
}

TEST_F(PublisherTest, ChangesDuringANotifyAreMergedIntoTheNext) {
  publisher_.Publish(Pending("first"));
  for (const char* workflow_id : {"a", "b", "a"}) publisher_.Publish(Pending(workflow_id));
  EXPECT_EQ(notify_.in_flight(), 1U);
  notify_.End();
  ASSERT_EQ(notify_.sent(), 2U);
  ASSERT_EQ(notify_.batch(1).size(), 1U);
  EXPECT_THAT(db::ParseChangeEvent(notify_.batch(1)[0]).pending, UnorderedElementsAre("a", "b"));
  notify_.End();
  EXPECT_EQ(notify_.in_flight(), 0U);
}

TEST_F(PublisherTest, OurOwnWaitersDoNotWaitForTheDatabase) {
  publisher_.Publish(Pending("first"));
  auto waker = std::make_shared<Waker>();
  const auto watch = job_subscriptions_.SubscribeToWorkflows({"w"}, 1, waker);
  publisher_.Publish(Pending("w"));
  EXPECT_FALSE(waker->Notify(Wake::kTimer));  // The change event has woken it.
  notify_.End();
  notify_.End();
}

TEST_F(PublisherTest, AFailedSendDoesNotStopTheNext) {
  publisher_.Publish(Pending("a"));
  notify_.End(UnavailableError("DATABASE_UNAVAILABLE", "away"));
  publisher_.Publish(Pending("b"));
  EXPECT_EQ(notify_.sent(), 2U);
  notify_.End();
}

TEST_F(PublisherTest, NoChangeSendsNothing) {
  publisher_.Publish({});
  EXPECT_EQ(notify_.sent(), 0U);
}

}  // namespace
}  // namespace vibestack::job_service
