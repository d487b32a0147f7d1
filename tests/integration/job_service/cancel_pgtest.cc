#include "job_service/domain/job_error.h"
#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;

class CancelTest : public JobServiceTest {
 protected:
  absl::StatusOr<Job> Cancel(const std::string& id, std::optional<std::string> owner = {}) {
    return SyncWait(
        store_.Cancel(id, std::move(owner), ErrorResult(kCancelledCode, "why", ""), Soon()));
  }
};

TEST_F(CancelTest, APendingJobFailsWithTheCodeCancelled) {
  const std::string id = MustCreate(ann_);
  TakeChanges();
  const absl::StatusOr<Job> job = Cancel(id, ann_);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->status, JobStatus::kFailed);
  EXPECT_EQ(One("SELECT result_payload #>> '{error,code}' FROM agent_jobs"), "CANCELLED");
  EXPECT_THAT(TakeChanges().changed, ElementsAre(id));
  EXPECT_TRUE(Claim(1).empty());
}

TEST_F(CancelTest, CancellingEndsTheWorkersLease) {
  const std::string id = MustCreate(ann_);
  const Lease lease = LeaseOf(Claim(1)[0]);
  ASSERT_TRUE(Cancel(id).ok());
  EXPECT_EQ(ErrorReason(Heartbeat(lease).status()), "JOB_CANCELLED");
  EXPECT_EQ(ErrorReason(Complete(lease).status()), "LEASE_LOST");
}

TEST_F(CancelTest, CancellingTwiceIsFine) {
  const std::string id = MustCreate(ann_);
  const absl::StatusOr<Job> first = Cancel(id);
  const absl::StatusOr<Job> second = Cancel(id);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->updated_at, first->updated_at);
}

TEST_F(CancelTest, AJobThatEndedOtherwiseStays) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0]), "1").ok());
  EXPECT_EQ(ErrorReason(Cancel(id).status()), "JOB_TERMINAL");
  EXPECT_EQ(Get(id)->result, "1");
}

TEST_F(CancelTest, AnotherUsersJobIsUnchangedAndLooksMissing) {
  const std::string id = MustCreate(ann_);
  EXPECT_EQ(Cancel(id, bob_).status(), Cancel(NewUuid(), bob_).status());
  EXPECT_EQ(ErrorReason(Cancel(id, bob_).status()), "NOT_YOURS");
  EXPECT_EQ(Get(id)->status, JobStatus::kPending);
  EXPECT_EQ(ErrorReason(Cancel(NewUuid()).status()), "JOB_NOT_FOUND");
}

}  // namespace
}  // namespace vibestack::job_service
