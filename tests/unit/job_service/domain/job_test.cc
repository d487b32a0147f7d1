#include "job_service/domain/job.h"

#include <gtest/gtest.h>

#include "job_service/domain/job_error.h"

namespace vibestack::job_service {
namespace {

TEST(JobTest, TheFourStatesHaveNamesAndBack) {
  for (const JobStatus status :
       {JobStatus::kPending, JobStatus::kProcessing, JobStatus::kCompleted, JobStatus::kFailed}) {
    EXPECT_EQ(ParseJobStatus(JobStatusName(status)), status);
  }
}

TEST(JobTest, StatesThatSomebodyElseWroteAreUnknown) {
  for (const char* name : {"", "Pending", "queued", "pending "}) {
    EXPECT_EQ(ParseJobStatus(name), JobStatus::kUnknown) << name;
  }
}

TEST(JobTest, OnlyCompletedAndFailedAreTerminal) {
  EXPECT_TRUE(IsTerminal(JobStatus::kCompleted));
  EXPECT_TRUE(IsTerminal(JobStatus::kFailed));
  EXPECT_FALSE(IsTerminal(JobStatus::kPending));
  EXPECT_FALSE(IsTerminal(JobStatus::kProcessing));
  EXPECT_FALSE(IsTerminal(JobStatus::kUnknown));
}

TEST(JobTest, TheLeaseTokenIsTheTimeOfTheLastWriteInMicroseconds) {
  Job job;
  job.updated_at = absl::FromUnixMicros(1795505873909219);
  EXPECT_EQ(LeaseToken(job), 1795505873909219);
}

TEST(JobErrorTest, AFailureHasCodeMessageAndDetails) {
  EXPECT_EQ(ErrorObject("X", "a \"b\"\n", R"({"a":[1]})"),
            R"({"code":"X","message":"a \"b\"\n","details":{"a":[1]}})");
  EXPECT_EQ(ErrorObject("X", "", ""), R"({"code":"X","message":"","details":null})");
}

}  // namespace
}  // namespace vibestack::job_service
