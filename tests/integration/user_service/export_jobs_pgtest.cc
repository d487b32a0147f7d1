#include "user_service/store/export_jobs.h"

#include "tests/integration/user_service/fixture.h"

namespace vibestack::user_service {
namespace {

using testing::ElementsAre;

class ExportJobsTest : public UserServiceTest {
 protected:
  // The results of the jobs, page by page.
  std::vector<std::vector<std::string>> Pages(int64_t most_jobs, int64_t most_bytes) {
    JobPageQuery query{.user_id = ann_, .most_jobs = most_jobs, .most_bytes = most_bytes};
    std::vector<std::vector<std::string>> pages;
    while (true) {
      const auto jobs = SyncWait(users_.ListJobs(query, Soon()));
      EXPECT_TRUE(jobs.ok()) << jobs.status();
      if (!jobs.ok() || jobs->empty()) return pages;
      std::vector<std::string> results;
      for (const StoredJob& job : *jobs) results.push_back(job.result_json.value_or("none"));
      pages.push_back(results);
      query.after_created_at = jobs->back().created_at;
      query.after_id = jobs->back().id;
    }
  }
  // Inserts a job after those of the earlier calls; two jobs have the same created_at.
  void MakeJob(const std::string& result) {
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload, created_at) "
        "VALUES ('00000000-0000-4000-8000-" +
        std::to_string(100'000'000'000 + made_) + "', '" + ann_ + "', 'w', NULL, " + result +
        ", timestamptz '2024-01-01' + " + std::to_string(made_ / 2) + " * interval '1 us')");
    ++made_;
  }

  const std::string ann_ = InsertForeign("ann@example.com", "x");
  int64_t made_ = 0;
};

TEST_F(ExportJobsTest, PagesAreAllJobsOnceOldestFirst) {
  for (int i = 0; i < 7; ++i) MakeJob("'" + std::to_string(i) + "'");
  Sql("INSERT INTO agent_jobs (id, workflow_id) VALUES (gen_random_uuid(), 'nobody''s')");
  EXPECT_THAT(Pages(3, 1'000), ElementsAre(ElementsAre("0", "1", "2"), ElementsAre("3", "4", "5"),
                                           ElementsAre("6")));
}

TEST_F(ExportJobsTest, APageHoldsNoMoreBytesThanAskedOrOneJob) {
  for (const char* result : {"'\"1234567890\"'", "'2'", "NULL", "'\"12345678\"'", "'5'"}) {
    MakeJob(result);
  }
  EXPECT_THAT(Pages(10, 11),
              ElementsAre(ElementsAre("\"1234567890\""), ElementsAre("2", "none", "\"12345678\""),
                          ElementsAre("5")));
}

TEST_F(ExportJobsTest, AJobIsGivenAsItIsStored) {
  MakeJob(R"('{"n": 12345678901234567890.10, "text": "ö \" \n"}')");
  const JobPageQuery query{.user_id = ann_, .most_jobs = 1, .most_bytes = 1};
  const StoredJob job = SyncWait(users_.ListJobs(query, Soon()))->front();
  EXPECT_EQ(job.result_json, R"({"n": 12345678901234567890.10, "text": "ö \" \n"})");
  EXPECT_EQ(job.status, "pending");
  EXPECT_EQ(job.workflow_id, "w");
  EXPECT_EQ(job.created_at, absl::FromUnixSeconds(1'704'067'200));
}

}  // namespace
}  // namespace vibestack::user_service
