#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ListStoreTest : public JobServiceTest {
 protected:
  JobPage ListPage(const JobQuery& query) {
    absl::StatusOr<JobPage> page = SyncWait(stores_.list.List(query, Soon()));
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : JobPage();
  }
  std::vector<Job> List(const JobQuery& query) { return ListPage(query).jobs; }

  // The ids of the jobs on all pages.
  std::vector<std::string> ListAll(JobQuery query) {
    std::vector<std::string> ids;
    while (true) {
      const JobPage page = ListPage(query);
      for (const Job& job : page.jobs) ids.push_back(job.id);
      query.after = page.continue_after;
      if (static_cast<int>(page.jobs.size()) == query.limit) {
        query.after = JobQuery::Position{page.jobs.back().created_at, page.jobs.back().id};
      }
      if (!query.after.has_value()) return ids;
    }
  }

  std::vector<std::string> Ids(const std::string& where_and_order) {
    std::vector<std::string> ids;
    for (const auto& row : Sql("SELECT id FROM agent_jobs " + where_and_order)) {
      ids.push_back(row[0].c_str());
    }
    return ids;
  }
};

TEST_F(ListStoreTest, PagesHoldEveryRowOnceWhateverTheFilter) {
  Fill(ann_, 25, "w");
  Fill(ann_, 10, "v");
  Fill(bob_, 20, "w");
  // Many rows with the same created_at: the id decides their order.
  Sql("UPDATE agent_jobs SET created_at = date_trunc('second', created_at)");
  Sql("UPDATE agent_jobs SET status = (ARRAY['pending','completed',NULL])[1 + "
      "abs(hashtext(id::text)) % 3]");
  for (const bool oldest_first : {false, true}) {
    for (int shape = 0; shape < 8; ++shape) {
      JobQuery query;
      query.limit = 7;
      query.oldest_first = oldest_first;
      std::string where = "WHERE true";
      if (shape & 1) {
        query.user_id = ann_;
        where += " AND user_id = '" + ann_ + "'";
      }
      if (shape & 2) {
        query.workflow_id = "w";
        where += " AND workflow_id = 'w'";
      }
      if (shape & 4) {
        query.status = JobStatus::kPending;
        where += " AND coalesce(status, 'pending') = 'pending'";
      }
      const std::string order =
          oldest_first ? " ORDER BY created_at, id" : " ORDER BY created_at DESC, id DESC";
      EXPECT_EQ(ListAll(query), Ids(where + order)) << where << order;
    }
  }
}

TEST_F(ListStoreTest, TheTimesBoundTheListFromInclusiveToExclusive) {
  Sql("INSERT INTO agent_jobs (id, workflow_id, created_at) SELECT gen_random_uuid(), 'w', "
      "'2030-01-01 00:00:00+00'::timestamptz + n * interval '1 microsecond' "
      "FROM generate_series(0, 9) AS n");
  const absl::Time base = absl::FromUnixSeconds(1893456000);
  for (const bool oldest_first : {false, true}) {
    JobQuery query;
    query.oldest_first = oldest_first;
    query.created_from = base + absl::Microseconds(2);
    query.created_before = base + absl::Microseconds(5);
    EXPECT_THAT(List(query), SizeIs(3));
    query.limit = 1;
    EXPECT_THAT(ListAll(query), SizeIs(3));
  }
  JobQuery open;
  open.created_from = base + absl::Microseconds(9);
  EXPECT_THAT(List(open), SizeIs(1));
}

TEST_F(ListStoreTest, TheEarliestTimesOfACalendarAreUnderstood) {
  MustCreate(ann_);
  JobQuery query;
  query.created_from = absl::FromUnixSeconds(-62135596800);  // The year 1.
  EXPECT_THAT(List(query), SizeIs(1));
  query.oldest_first = true;
  EXPECT_THAT(List(query), SizeIs(1));
  query.created_from = absl::InfinitePast();
  query.created_before = absl::FromUnixSeconds(253402300799);  // The year 9999.
  EXPECT_THAT(List(query), SizeIs(1));
}

TEST_F(ListStoreTest, APageLooksAtABoundedNumberOfJobsAndSaysWhereToGoOn) {
  Fill(ann_, 25'000);
  Sql("UPDATE agent_jobs SET status = 'failed' WHERE id IN (SELECT id FROM agent_jobs "
      "ORDER BY created_at LIMIT 3)");
  for (const bool by_user : {true, false}) {
    JobQuery query;
    query.status = JobStatus::kFailed;
    if (by_user) query.user_id = ann_;
    if (!by_user) query.workflow_id = "w";
    // The matching jobs are the oldest ones, behind 24,997 others.
    for (int page = 0; page < 2; ++page) {
      const JobPage nothing = ListPage(query);
      EXPECT_THAT(nothing.jobs, IsEmpty());
      ASSERT_TRUE(nothing.continue_after.has_value());
      query.after = nothing.continue_after;
    }
    const JobPage last = ListPage(query);
    EXPECT_THAT(last.jobs, SizeIs(3));
    EXPECT_FALSE(last.continue_after.has_value());
    // No job is newer than the requested time, so there is nothing to examine.
    query.after.reset();
    query.created_from = absl::Now() + absl::Hours(1);
    EXPECT_THAT(ListAll(query), IsEmpty());
    EXPECT_FALSE(ListPage(query).continue_after.has_value());
  }
}

TEST_F(ListStoreTest, ResultsAreReadOnlyWhenAskedFor) {
  MustCreate(ann_);
  ASSERT_TRUE(Complete(LeaseOf(Claim(1)[0]), "[1]").ok());
  EXPECT_FALSE(List({})[0].result.has_value());
  JobQuery query;
  query.with_result = true;
  EXPECT_EQ(List(query)[0].result, "[1]");
}

TEST_F(ListStoreTest, StatesThatSomebodyElseWroteAreListedAsUnknown) {
  Sql("ALTER TABLE agent_jobs DROP CONSTRAINT agent_jobs_status_check");
  Sql("INSERT INTO agent_jobs (id, workflow_id, status) VALUES ('" + NewUuid() + "', 'w', 'odd')");
  const std::vector<Job> jobs = List({});
  ASSERT_THAT(jobs, SizeIs(1));
  EXPECT_EQ(jobs[0].status, JobStatus::kUnknown);
  EXPECT_EQ(jobs[0].user_id, "");
  Sql("DELETE FROM agent_jobs");
  Sql("ALTER TABLE agent_jobs ADD CONSTRAINT agent_jobs_status_check "
      "CHECK (status IN ('pending', 'processing', 'completed', 'failed'))");
}

TEST_F(ListStoreTest, APageEndsWhereItsResultsGetTooLarge) {
  Fill(ann_, 10);
  Sql("UPDATE agent_jobs SET result_payload = to_jsonb(repeat('x', 700000))");
  JobQuery query;
  query.user_id = ann_;
  query.oldest_first = true;
  EXPECT_THAT(List(query), SizeIs(10));
  query.with_result = true;
  std::vector<std::string> ids;
  std::vector<size_t> sizes;
  do {
    const auto page = SyncWait(stores_.list.List(query, Soon()));
    ASSERT_TRUE(page.ok()) << page.status();
    for (const Job& job : page->jobs) {
      EXPECT_EQ(job.result->size(), 700'002U);
      ids.push_back(job.id);
    }
    sizes.push_back(page->jobs.size());
    query.after = page->continue_after;
  } while (query.after.has_value());
  EXPECT_EQ(ids, Ids("ORDER BY created_at, id"));
  EXPECT_THAT(sizes, ElementsAre(2, 2, 2, 2, 2));
}

// Other programs store any time. Each row is on one page, and its time can be sent.
TEST_F(ListStoreTest, PagesHoldRowsOfAnyTime) {
  for (const char* time :
       {"infinity", "-infinity", "294246-12-31 23:59:59.999999+00", "12000-01-01+00",
        "9999-12-31 23:59:59.999999+00", "2026-01-01+00", "0001-01-01 00:00:00+00",
        "0044-03-15 00:00:00+00 BC", "4713-01-01 00:00:00+00 BC"}) {
    for (int i = 0; i < 3; ++i) {
      Sql("INSERT INTO agent_jobs (id, user_id, workflow_id, created_at, updated_at) VALUES ('" +
          NewUuid() + "', '" + ann_ + "', 'w', '" + time + "', '" + time + "')");
    }
  }
  for (const bool oldest_first : {false, true}) {
    for (const int limit : {1, 4, 100}) {
      for (const bool by_user : {false, true}) {
        JobQuery query;
        query.limit = limit;
        query.oldest_first = oldest_first;
        if (by_user) query.user_id = ann_;
        const std::string order =
            oldest_first ? "ORDER BY created_at, id" : "ORDER BY created_at DESC, id DESC";
        EXPECT_EQ(ListAll(query), Ids(order)) << order << " " << limit;
      }
    }
  }
}

}  // namespace
}  // namespace vibestack::job_service
