#include <map>

#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::SizeIs;

class ClaimFairnessTest : public JobServiceTest {
 protected:
  // The number of jobs of each user.
  std::map<std::string, int> UsersOf(const std::vector<Job>& jobs) {
    std::map<std::string, int> users;
    for (const Job& job : jobs) ++users[job.user_id];
    return users;
  }
};

TEST_F(ClaimFairnessTest, AUserWithManyJobsDoesNotStarveOneWithOne) {
  Fill(ann_, 10'000);
  MustCreate(bob_);
  EXPECT_EQ(UsersOf(Claim(10))[bob_], 1);
}

TEST_F(ClaimFairnessTest, WorkersThatClaimOneByOneGetToEveryUserSoon) {
  Fill(ann_, 10'000);
  MustCreate(bob_);
  int claims = 0;
  for (bool found = false; !found && claims < 100; ++claims) {
    found = Claim(1)[0].user_id == bob_;
  }
  EXPECT_LE(claims, 4);
}

TEST_F(ClaimFairnessTest, AClaimIsSharedEquallyAsFarAsItGoes) {
  Fill(ann_, 1'000);
  Fill(bob_, 5);
  const auto users = UsersOf(Claim(100));
  EXPECT_EQ(users.at(bob_), 5);
  EXPECT_EQ(users.at(ann_), 95);
}

TEST_F(ClaimFairnessTest, JobsWithoutAnOwnerHaveTheirShare) {
  Fill(ann_, 100);
  Sql("INSERT INTO agent_jobs (id, workflow_id) SELECT gen_random_uuid(), 'w' "
      "FROM generate_series(1, 100)");
  const auto users = UsersOf(Claim(10));
  EXPECT_EQ(users.at(""), 5);
}

TEST_F(ClaimFairnessTest, EveryUserIsServedWhenThereAreMoreUsersThanAClaimTakes) {
  std::vector<std::string> users;
  for (int i = 0; i < 50; ++i) {
    users.push_back(NewUuid());
    AddUser(users.back());
    Fill(users.back(), 40);
  }
  std::map<std::string, int> got;
  for (int i = 0; i < 30; ++i) {
    for (const auto& [user, jobs] : UsersOf(Claim(10))) got[user] += jobs;
  }
  EXPECT_THAT(got, SizeIs(50));
}

TEST_F(ClaimFairnessTest, UsersOfDifferentWorkflowsShareAWorker) {
  Fill(ann_, 1'000, "a");
  MustCreate(bob_, "b");
  EXPECT_EQ(UsersOf(Claim(4, {"a", "b"}))[bob_], 1);
}

TEST_F(ClaimFairnessTest, EachUsersOldestJobComesFirst) {
  Fill(ann_, 50);
  Fill(bob_, 50);
  Claim(20);
  EXPECT_EQ(One("SELECT count(*) FROM agent_jobs AS p JOIN agent_jobs AS q USING (user_id) "
                "WHERE p.status = 'pending' AND q.status = 'processing' "
                "AND p.created_at < q.created_at"),
            "0");
}

}  // namespace
}  // namespace vibestack::job_service
