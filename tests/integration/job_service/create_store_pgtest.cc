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

TEST_F(CreateStoreTest, TheInputIsStoredInTheEnvelope) {
  NewJob job = Make();
  job.input = R"({"n": 1})";
  job.max_attempts = 3;
  const absl::StatusOr<Creation> creation = Create(job);
  ASSERT_TRUE(creation.ok()) << creation.status();
  EXPECT_EQ(creation->job->max_attempts, 3);
  EXPECT_EQ(PayloadOf(job.id), R"({"input": {"n": 1}, "max_attempts": 3, "vibestack_job": 1})");
  const JobPtr stored = Get(job.id);
  EXPECT_EQ(stored->input, job.input);
  EXPECT_EQ(stored->max_attempts, 3);
  EXPECT_EQ(stored->result, std::nullopt);
  EXPECT_EQ(AttemptNumber(*stored), 1);
}

TEST_F(CreateStoreTest, AJobWithNothingToKeepHasNoPayload) {
  EXPECT_EQ(PayloadOf(MustCreate(ann_)), "NULL");
  // JSON's null is an input.
  NewJob job = Make();
  job.input = "null";
  MustCreate(job);
  EXPECT_EQ(PayloadOf(job.id), R"({"input": null, "vibestack_job": 1})");
  EXPECT_EQ(Get(job.id)->input, "null");
}

TEST_F(CreateStoreTest, ARepetitionComparesTheInput) {
  NewJob job = Make();
  job.input = R"({"a": 1, "b": [2.50]})";
  MustCreate(job);
  NewJob again = job;
  again.input = R"({"b":[2.5],"a":1})";
  const absl::StatusOr<Creation> same = Create(again);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_FALSE(same->is_new);
  for (const char* other : {"", "null", "{}", R"({"a": 1, "b": [2.51]})", R"({"a": 1})"}) {
    again.input = other;
    EXPECT_EQ(ErrorReason(Create(again).status()), "ID_TAKEN") << other;
    EXPECT_EQ(ErrorReason(SyncWait(stores_.create.CreateAll({again}, Soon())).status()), "ID_TAKEN")
        << other;
  }
  EXPECT_EQ(Get(job.id)->input, job.input);
  const NewJob bare = Make();
  MustCreate(bare);
  again = bare;
  again.input = "null";
  EXPECT_EQ(ErrorReason(Create(again).status()), "ID_TAKEN");
}

TEST_F(CreateStoreTest, TheInputIsComparedInEveryStateButCompleted) {
  NewJob job = Make();
  job.input = "1";
  NewJob other = job;
  other.input = "2";
  MustCreate(job);
  const auto expect_compared = [&](const char* state) {
    EXPECT_TRUE(Create(job).ok()) << state;
    EXPECT_EQ(ErrorReason(Create(other).status()), "ID_TAKEN") << state;
  };
  const Lease lease = LeaseOf(Claim(1).at(0));
  expect_compared("processing");
  ASSERT_TRUE(FailRetryably(lease, "E", absl::ZeroDuration()).ok());
  expect_compared("pending after a failure");
  EXPECT_EQ(ReleaseScheduled(), 1);
  ASSERT_TRUE(Fail(LeaseOf(Claim(1).at(0)), ErrorObject("E", "", "")).ok());
  expect_compared("failed");
  ASSERT_TRUE(Retry(job.id).ok());
  ASSERT_TRUE(Complete(LeaseOf(Claim(1).at(0)), "2").ok());
  // A completed job keeps its output alone.
  EXPECT_TRUE(Create(other).ok());
}

TEST_F(CreateStoreTest, AnInputThatTheDatabaseRefusesDoesNotHarmItsNeighbours) {
  InThreads(32, [&](int i) {
    NewJob job = Make();
    job.input = i % 8 == 0 ? R"("\u0000")" : std::to_string(i);
    const absl::Status status = Create(job).status();
    if (i % 8 == 0) {
      EXPECT_EQ(ErrorReason(status), "INVALID_VALUE") << status;
    } else {
      EXPECT_TRUE(status.ok()) << status;
    }
  });
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "28");
}

TEST_F(CreateStoreTest, ARowOfAnotherProgramHasAnyInputButNullHasNone) {
  const NewJob mine = Make();
  NewJob with_input = mine;
  with_input.input = "1";
  Sql("INSERT INTO agent_jobs (id, user_id, workflow_id) VALUES ('" + mine.id + "', '" + ann_ +
      "', 'w')");
  EXPECT_TRUE(Create(mine).ok());
  EXPECT_EQ(ErrorReason(Create(with_input).status()), "ID_TAKEN");
  Sql("UPDATE agent_jobs SET result_payload = '{\"input\": 2}'");
  EXPECT_TRUE(Create(mine).ok());
  EXPECT_TRUE(Create(with_input).ok());
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
    const NewJob jobs[] = {MakeFor(ann_), MakeFor(bob_)};
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
  // An input that the database refuses, or another one than before, keeps all from being made.
  std::vector<NewJob> refused{Make("x"), Make("y")};
  refused[1].input = "{";
  const absl::Status status = SyncWait(stores_.create.CreateAll(refused, Soon())).status();
  EXPECT_EQ(ErrorReason(status), "INVALID_VALUE") << status;
  refused[1] = taken;
  refused[1].input = "1";
  EXPECT_EQ(ErrorReason(SyncWait(stores_.create.CreateAll(refused, Soon())).status()), "ID_TAKEN");
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs"), "3");
  const auto repeated = SyncWait(stores_.create.CreateAll(jobs, Soon()));
  ASSERT_TRUE(repeated.ok());
  EXPECT_EQ((*repeated)[0].job->created_at, (*creations)[0].job->created_at);
}

}  // namespace
}  // namespace vibestack::job_service
