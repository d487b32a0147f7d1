#include <thread>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::UnorderedElementsAre;
using CreateStoreTest = JobServiceTest;

// Runs `work(i)` on `threads` threads at once.
template <typename Work>
void InThreads(int threads, Work work) {
  std::vector<std::thread> running;
  running.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) running.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : running) thread.join();
}

TEST_F(CreateStoreTest, ANewJobIsPendingWithTheGivenFields) {
  const NewJob job = Make("mail ä");
  const absl::StatusOr<Creation> creation = Create(job);
  ASSERT_TRUE(creation.ok()) << creation.status();
  EXPECT_TRUE(creation->is_new);
  const JobPtr stored = Get(job.id);
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(stored->user_id, ann_);
  EXPECT_EQ(stored->workflow_id, "mail ä");
  EXPECT_EQ(stored->status, JobStatus::kPending);
  EXPECT_EQ(stored->created_at, creation->job->created_at);
  EXPECT_EQ(stored->updated_at, creation->job->updated_at);
  EXPECT_FALSE(stored->result.has_value());
  EXPECT_EQ(TakeChanges().pending["mail ä"], 1);
}

TEST_F(CreateStoreTest, TheSameIdAndContentReturnsWhatExistsWhateverItsState) {
  const NewJob job = Make();
  ASSERT_TRUE(Create(job).ok());
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0]), "7").ok());
  const absl::StatusOr<Creation> again = Create(job);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->job->status, JobStatus::kCompleted);
  EXPECT_EQ(again->job->result, "7");
}

TEST_F(CreateStoreTest, TheSameIdWithOtherContentIsTaken) {
  const NewJob job = Make();
  ASSERT_TRUE(Create(job).ok());
  NewJob other_user = job;
  other_user.user_id = bob_;
  NewJob other_workflow = job;
  other_workflow.workflow_id = "v";
  EXPECT_EQ(ErrorReason(Create(other_user).status()), "ID_TAKEN");
  EXPECT_EQ(ErrorReason(Create(other_workflow).status()), "ID_TAKEN");
}

TEST_F(CreateStoreTest, TheSameIdFromManyThreadsIsOneJob) {
  for (int round = 0; round < 20; ++round) {
    const NewJob job = Make();
    InThreads(16, [&](int) { EXPECT_TRUE(Create(job).ok()); });
    EXPECT_EQ(One("SELECT count(*) FROM agent_jobs WHERE id = '" + job.id + "'"), "1");
  }
}

TEST_F(CreateStoreTest, OfOneIdWithTwoContentsAtOnceOneWins) {
  for (int round = 0; round < 20; ++round) {
    const NewJob jobs[] = {{NewUuid(), ann_, "w"}, {"", bob_, "w"}};
    absl::Status statuses[8];
    InThreads(8, [&](int i) {
      NewJob job = jobs[i % 2];
      job.id = jobs[0].id;
      statuses[i] = Create(job).status();
    });
    const std::string winner =
        One("SELECT user_id FROM agent_jobs WHERE id = '" + jobs[0].id + "'");
    for (int i = 0; i < 8; ++i) {
      if (jobs[i % 2].user_id == winner) {
        EXPECT_TRUE(statuses[i].ok()) << statuses[i];
      } else {
        EXPECT_EQ(ErrorReason(statuses[i]), "ID_TAKEN");
      }
    }
  }
}

TEST_F(CreateStoreTest, AJobWhoseOwnerIsGoneDoesNotHarmItsNeighbours) {
  InThreads(32, [&](int i) {
    NewJob job = Make();
    if (i % 8 == 0) job.user_id = NewUuid();
    const absl::Status status = Create(job).status();
    if (i % 8 == 0) {
      EXPECT_EQ(ErrorReason(status), "USER_NOT_FOUND") << status;
    } else {
      EXPECT_TRUE(status.ok()) << status;
    }
  });
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "28");
}

TEST_F(CreateStoreTest, ABatchWithAnOwnerWhoIsGoneMakesNoJob) {
  NewJob lost = Make();
  lost.user_id = NewUuid();
  const std::vector<NewJob> jobs{Make(), lost};
  const absl::Status status = SyncWait(stores_.create.CreateAll(jobs, Soon())).status();
  EXPECT_EQ(status, NotFoundError("user", "")) << status;
  // With one user in the batch the error names this user.
  const absl::Status alone = SyncWait(stores_.create.CreateAll({lost}, Soon())).status();
  EXPECT_EQ(alone, NotFoundError("user", lost.user_id)) << alone;
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "0");
  EXPECT_TRUE(TakeChanges().empty());
}

TEST_F(CreateStoreTest, ABatchIsMadeWholeOrNotAtAll) {
  const NewJob taken = Make();
  ASSERT_TRUE(Create(taken).ok());
  std::vector<NewJob> jobs{Make("a"), Make("b"), taken};
  jobs[2].workflow_id = "other";
  TakeChanges();
  EXPECT_EQ(ErrorReason(SyncWait(stores_.create.CreateAll(jobs, Soon())).status()), "ID_TAKEN");
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "1");
  EXPECT_TRUE(TakeChanges().empty());
  jobs[2] = taken;
  const auto creations = SyncWait(stores_.create.CreateAll(jobs, Soon()));
  ASSERT_TRUE(creations.ok()) << creations.status();
  EXPECT_TRUE((*creations)[1].is_new);
  EXPECT_FALSE((*creations)[2].is_new);
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "3");
  EXPECT_EQ(TakeChanges().pending.size(), 3U);
  const auto repeated = SyncWait(stores_.create.CreateAll(jobs, Soon()));
  ASSERT_TRUE(repeated.ok());
  EXPECT_EQ((*repeated)[0].job->created_at, (*creations)[0].job->created_at);
}

}  // namespace
}  // namespace vibestack::job_service
