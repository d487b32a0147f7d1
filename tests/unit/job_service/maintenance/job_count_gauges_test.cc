#include "job_service/maintenance/job_count_gauges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/async/completion.h"
#include "common/base/error.h"
#include "tests/unit/telemetry/scrape.h"

namespace vibestack::job_service {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kPending[] = "vibestack_jobs{status=\"pending\"} ";
constexpr char kAge[] = "vibestack_oldest_pending_job_age_seconds ";

class JobCountGaugesTest : public testing::Test {
 protected:
  Task<absl::StatusOr<JobCounts>> Count() {
    ++counted_;
    if (gate_ != nullptr) co_await *gate_;
    co_return counts_;
  }
  static JobCounts Pending(int jobs, absl::Duration age) {
    return {{{JobStatus::kPending, jobs}, {JobStatus::kCompleted, 7}}, age};
  }
  std::string Look() { return Scrape(metrics_); }

  int counted_ = 0;
  Completion<bool>* gate_ = nullptr;
  absl::StatusOr<JobCounts> counts_ = Pending(3, absl::Seconds(90));
  FakeClock clock_{absl::FromUnixSeconds(1'000'000)};
  Metrics metrics_;
  JobCountGauges job_count_gauges_{[this](absl::Time) { return Count(); }, metrics_, clock_};
};

TEST_F(JobCountGaugesTest, AScrapeShowsWhatWasCountedForIt) {
  EXPECT_EQ(counted_, 0);
  EXPECT_THAT(Look(),
              AllOf(HasSubstr(std::string(kPending) + "3\n"), HasSubstr(std::string(kAge) + "90\n"),
                    HasSubstr("vibestack_jobs{status=\"completed\"} 7\n")));
}

TEST_F(JobCountGaugesTest, ManyScrapesShareACount) {
  for (int i = 0; i < 5; ++i) Look();
  EXPECT_EQ(counted_, 1);
  counts_ = Pending(4, absl::Seconds(1));
  clock_.Advance(JobCountGauges::kFreshFor);
  EXPECT_THAT(Look(), HasSubstr(std::string(kPending) + "4\n"));
  EXPECT_EQ(counted_, 2);
}

TEST_F(JobCountGaugesTest, AnAgeWithoutPendingJobsIsZero) {
  counts_ = JobCounts{{{JobStatus::kPending, 0}}, std::nullopt};
  EXPECT_THAT(Look(), HasSubstr(std::string(kAge) + "0\n"));
}

TEST_F(JobCountGaugesTest, ASlowCountDelaysNoScrapeAndThePreviousCountIsShown) {
  Look();
  clock_.Advance(JobCountGauges::kFreshFor);
  Completion<bool> gate;
  gate_ = &gate;
  counts_ = Pending(5, absl::ZeroDuration());
  const absl::Time began = absl::Now();
  EXPECT_THAT(Look(), HasSubstr(std::string(kPending) + "3\n"));
  EXPECT_LT(absl::Now() - began, 10 * JobCountGauges::kCountTimeout);
  EXPECT_EQ(counted_, 2);
  gate.Set(true);
  EXPECT_THAT(Look(), HasSubstr(std::string(kPending) + "5\n"));
}

TEST_F(JobCountGaugesTest, AClockThatWasSetBackMakesNoOldCountFresh) {
  Look();
  clock_.Advance(-absl::Hours(1));
  counts_ = Pending(6, absl::ZeroDuration());
  EXPECT_THAT(Look(), HasSubstr(std::string(kPending) + "6\n"));
  EXPECT_EQ(counted_, 2);
}

TEST_F(JobCountGaugesTest, WhatIsOldIsNotShown) {
  Look();
  counts_ = UnavailableError("DATABASE_UNAVAILABLE", "away");
  clock_.Advance(JobCountGauges::kShownFor - absl::Seconds(1));
  EXPECT_THAT(Look(), HasSubstr(kPending));
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Look(), AllOf(Not(HasSubstr(kPending)), Not(HasSubstr(kAge))));
}

TEST_F(JobCountGaugesTest, NothingIsCountedAfterItStopped) {
  job_count_gauges_.Stop();
  EXPECT_THAT(Look(), Not(HasSubstr(kPending)));
  EXPECT_EQ(counted_, 0);
}

}  // namespace
}  // namespace vibestack::job_service
