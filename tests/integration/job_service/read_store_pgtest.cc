#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::SizeIs;

class ReadStoreTest : public JobServiceTest {
 protected:
  std::vector<JobPtr> GetAll(std::vector<JobKey> keys) {
    const auto jobs = SyncWait(stores_.read.GetAll(std::move(keys), Soon()));
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    return jobs.ok() ? *jobs : std::vector<JobPtr>();
  }
  std::vector<JobPtr> GetUpTo(std::vector<std::string> ids) {
    const auto jobs = SyncWait(stores_.read.GetUpTo(std::move(ids), Soon()));
    EXPECT_TRUE(jobs.ok()) << jobs.status();
    return jobs.ok() ? *jobs : std::vector<JobPtr>();
  }
};

TEST_F(ReadStoreTest, ManyReadsOfOneJobAreOneRow) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0]), "[1]").ok());
  const std::vector<JobPtr> jobs = GetAll({{id, false}, {NewUuid(), true}, {id, true}});
  ASSERT_THAT(jobs, SizeIs(3));
  EXPECT_EQ(jobs[0], jobs[2]);
  EXPECT_EQ(jobs[1], nullptr);
  EXPECT_EQ(jobs[2]->result, "[1]");
  EXPECT_FALSE(GetAll({{id, false}}).at(0)->result.has_value());
}

TEST_F(ReadStoreTest, AResultThatIsKnownIsNotReadAgain) {
  const std::string id = MustCreate(ann_);
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0]), "[1]").ok());
  const absl::Time known = Get(id)->updated_at;
  const auto result = [this](const std::vector<JobKey>& keys) {
    return GetAll(keys).at(0)->result;
  };
  EXPECT_EQ(result({{id, true, false, known}}), std::nullopt);
  EXPECT_EQ(result({{id, true, false, known}, {id, true, false, known}, {id, false}}),
            std::nullopt);
  EXPECT_EQ(result({{id, true, false, known - absl::Microseconds(1)}}), "[1]");
  // Another key does not know this version, so the result is read.
  EXPECT_EQ(result({{id, true, false, known}, {id, true}}), "[1]");
  EXPECT_EQ(result({{id, false}, {id, true}, {id, true, false, known}}), "[1]");
}

TEST_F(ReadStoreTest, AnInputIsReadOnlyWhenAKeyAsksForIt) {
  NewJob job = Make();
  job.input = "[7]";
  MustCreate(job);
  ASSERT_TRUE(Progress(LeaseOf(Claim(1).at(0)), "50").ok());
  EXPECT_EQ(GetAll({{job.id, true}}).at(0)->input, std::nullopt);
  EXPECT_EQ(GetAll({{job.id, true}}).at(0)->result, "50");
  EXPECT_EQ(GetAll({{job.id, false}}).at(0)->input, std::nullopt);
  EXPECT_EQ(GetAll({{job.id, false}}).at(0)->result, std::nullopt);
  EXPECT_EQ(GetAll({{job.id, true, true}}).at(0)->input, "[7]");
  EXPECT_EQ(GetAll({{job.id, true}, {job.id, true, true}, {job.id}}).at(0)->input, "[7]");
  EXPECT_EQ(GetUpTo({job.id}).at(0)->input, std::nullopt);
  EXPECT_EQ(GetUpTo({job.id}).at(0)->result, "50");
}

TEST_F(ReadStoreTest, InputsThatAreNotReadDoNotCountForTheBound) {
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    NewJob job = Make();
    job.input = "\"" + std::string(900'000, 'x') + "\"";
    ids.push_back(MustCreate(job));
  }
  EXPECT_THAT(GetUpTo(ids), SizeIs(4));
}

TEST_F(ReadStoreTest, ResultsAreReadUpToTheirBound) {
  Fill(ann_, 4);
  Sql("UPDATE agent_jobs SET result_payload = to_jsonb(repeat('x', 900000))");
  std::vector<std::string> ids;
  for (const auto& row : Sql("SELECT id FROM agent_jobs")) ids.emplace_back(row[0].c_str());
  ids.insert(ids.begin() + 1, NewUuid());
  const std::vector<JobPtr> two = GetUpTo(ids);
  ASSERT_THAT(two, SizeIs(3));
  EXPECT_EQ(two[0]->id, ids[0]);
  EXPECT_EQ(two[0]->result->size(), 900'002U);
  EXPECT_EQ(two[1], nullptr);
  EXPECT_EQ(two[2]->id, ids[2]);
  // The first result alone may exceed the bound. Small results are all read.
  Sql("UPDATE agent_jobs SET result_payload = to_jsonb(repeat('x', 3000000)) WHERE id = '" +
      ids[0] + "'");
  EXPECT_THAT(GetUpTo(ids), SizeIs(1));
  Sql("UPDATE agent_jobs SET result_payload = NULL");
  EXPECT_THAT(GetUpTo(ids), SizeIs(5));
}

}  // namespace
}  // namespace vibestack::job_service
