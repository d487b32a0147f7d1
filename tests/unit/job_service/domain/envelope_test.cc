#include "job_service/domain/envelope.h"

#include <gtest/gtest.h>

namespace vibestack::job_service {
namespace {

Job Read(JobStatus status, std::string payload) {
  Job job;
  job.status = status;
  ReadPayload(std::move(payload), job);
  return job;
}

TEST(MakeEnvelopeTest, AJobWithNothingToKeepHasNone) { EXPECT_EQ(MakeEnvelope(NewJob()), ""); }

TEST(MakeEnvelopeTest, HoldsTheInputAsItIs) {
  NewJob job;
  job.input = R"({"a": 1.000000000000000000001})";
  EXPECT_EQ(MakeEnvelope(job), R"({"vibestack_job":1,"input":{"a": 1.000000000000000000001}})");
  job.input = "null";
  EXPECT_EQ(MakeEnvelope(job), R"({"vibestack_job":1,"input":null})");
}

TEST(MakeEnvelopeTest, HoldsTheNumberOfAttemptsAndTheTime) {
  NewJob job;
  job.max_attempts = 3;
  job.not_before = absl::FromUnixMicros(1'795'505'873'909'219);
  EXPECT_EQ(MakeEnvelope(job), R"({"vibestack_job":1,"max_attempts":3,"schedule":"waiting",)"
                               R"("not_before":"2026-11-24T07:37:53.909219Z"})");
}

TEST(MakeEnvelopeTest, ADelayNeedsAnEnvelopeThatTheDatabaseCompletes) {
  NewJob job;
  job.delay = absl::Seconds(5);
  EXPECT_EQ(MakeEnvelope(job), R"({"vibestack_job":1})");
}

TEST(ReadPayloadTest, AnOutputIsNeverTakenForAnEnvelope) {
  const std::string output = R"({"error": 1, "input": 2, "vibestack_job": 1})";
  const Job job = Read(JobStatus::kCompleted, output);
  EXPECT_EQ(job.result, output);
  EXPECT_EQ(job.input, std::nullopt);
}

TEST(ReadPayloadTest, JsonWithoutTheMarkIsTheResult) {
  for (const char* json : {"null", "1", R"("vibestack_job")", "[]", "{}", R"({"input": 1})",
                           R"({"vibestack_job": 2, "input": 1})", R"({"a": {"vibestack_job": 1}})",
                           R"({"vibestack_job": "1"})", R"(["vibestack_job", 1])"}) {
    for (const JobStatus status :
         {JobStatus::kPending, JobStatus::kProcessing, JobStatus::kFailed, JobStatus::kUnknown}) {
      const Job job = Read(status, json);
      EXPECT_EQ(job.result, json);
      EXPECT_EQ(job.input, std::nullopt);
    }
  }
}

TEST(ReadPayloadTest, TheMarkIsTheNumberOneHoweverItIsWritten) {
  for (const char* mark : {"1", "1.0", "1.000"}) {
    const std::string payload = R"({"input": 7, "vibestack_job": )" + std::string(mark) + "}";
    EXPECT_EQ(Read(JobStatus::kPending, payload).input, "7") << mark;
  }
  for (const char* mark : {"10", "1.01", "11", "-1", "0", "1.0001", "\"1.0\""}) {
    const std::string payload = R"({"input": 7, "vibestack_job": )" + std::string(mark) + "}";
    EXPECT_EQ(Read(JobStatus::kPending, payload).input, std::nullopt) << mark;
    EXPECT_EQ(Read(JobStatus::kPending, payload).result, payload) << mark;
  }
}

TEST(ReadPayloadTest, TakesTheEnvelopeApart) {
  const std::string payload =
      R"({"input": {"a": [1, "}, \"b\": 2"], "n": 1e2}, "error": {"code": "X"}, )"
      R"("errors": [{"time": "2026-11-24T07:37:53.909219Z", "code": "E", "attempt": 1, )"
      R"("token": 5, "message": "m"}], "attempts": 1, "progress": [50], )"
      R"("not_before": "2026-11-24T07:37:54.5Z", "max_attempts": 4, "vibestack_job": 1, )"
      R"("first_request": "2026-11-24T07:37:55.000001Z"})";
  const Job pending = Read(JobStatus::kPending, payload);
  EXPECT_EQ(pending.result, "[50]");
  EXPECT_EQ(pending.input, R"({"a": [1, "}, \"b\": 2"], "n": 1e2})");
  EXPECT_EQ(pending.failed_attempts, 1);
  EXPECT_EQ(pending.max_attempts, 4);
  EXPECT_EQ(pending.not_before, absl::FromUnixMicros(1'795'505'874'500'000));
  EXPECT_EQ(pending.first_request, absl::FromUnixMicros(1'795'505'875'000'001));
  ASSERT_EQ(pending.errors.size(), 1U);
  EXPECT_EQ(pending.errors[0].time, absl::FromUnixMicros(1'795'505'873'909'219));
  EXPECT_EQ(pending.errors[0].attempt, 1);
  EXPECT_EQ(pending.errors[0].code, "E");
  EXPECT_EQ(pending.errors[0].message, "m");
  EXPECT_EQ(Read(JobStatus::kFailed, payload).result, R"({"error": {"code": "X"}})");
}

TEST(ReadPayloadTest, ErrorsOfAnotherProgramAreBounded) {
  std::string errors;
  for (int i = 1; i <= 12; ++i) {
    errors += (i == 1 ? "" : ", ") + std::string("{\"attempt\": ") + std::to_string(i) +
              ", \"code\": \"" + std::string(1'000, 'C') + "\", \"message\": \"m" +
              std::string(3'000, 'x') + "\"}";
  }
  const Job job = Read(JobStatus::kPending, "{\"errors\": [" + errors + "], \"vibestack_job\": 1}");
  ASSERT_EQ(job.errors.size(), 10U);
  EXPECT_EQ(job.errors.front().attempt, 3);
  EXPECT_EQ(job.errors.front().code, std::string(400, 'C'));
  EXPECT_EQ(job.errors.front().message, "m" + std::string(1'999, 'x'));
  std::string wide;
  for (int i = 0; i < 1'500; ++i) wide += "é";
  const Job cut = Read(JobStatus::kPending,
                       "{\"errors\": [{\"message\": \"x" + wide + "\"}], \"vibestack_job\": 1}");
  EXPECT_EQ(cut.errors.at(0).message, "x" + wide.substr(0, 1'998)) << "whole characters";
}

TEST(ReadPayloadTest, AnInputThatLooksLikeAnEnvelopeIsAnInput) {
  const Job job =
      Read(JobStatus::kPending, R"({"input": {"input": 1, "attempts": 9, "vibestack_job": 1}, )"
                                R"("vibestack_job": 1})");
  EXPECT_EQ(job.input, R"({"input": 1, "attempts": 9, "vibestack_job": 1})");
  EXPECT_EQ(job.failed_attempts, 0);
}

TEST(ReadPayloadTest, ValuesOfTheWrongTypeCountAsMissing) {
  const Job job = Read(JobStatus::kPending,
                       R"({"errors": {"a": 1}, "attempts": "many", "not_before": "tomorrow", )"
                       R"("max_attempts": [2], "vibestack_job": 1})");
  EXPECT_TRUE(job.errors.empty());
  EXPECT_EQ(job.failed_attempts, 0);
  EXPECT_EQ(job.max_attempts, 0);
  EXPECT_EQ(job.not_before, std::nullopt);
  EXPECT_EQ(job.result, std::nullopt);
  const Job odd =
      Read(JobStatus::kPending, R"({"errors": [1, {"attempt": -7, "code": 2}], "attempts": -3, )"
                                R"("not_before": 7, "max_attempts": 99999999999999999999999, )"
                                R"("vibestack_job": 1})");
  for (const char* time : {"infinite-future", "infinite-past", "10000-01-01T00:00:00Z"}) {
    const Job never = Read(JobStatus::kPending,
                           std::string(R"({"not_before": ")") + time + R"(", "vibestack_job": 1})");
    EXPECT_EQ(never.not_before, std::nullopt) << time;
  }
  ASSERT_EQ(odd.errors.size(), 1U);
  EXPECT_EQ(odd.errors[0].attempt, 0);
  EXPECT_EQ(odd.errors[0].code, "");
  EXPECT_EQ(odd.failed_attempts, 0);
  EXPECT_EQ(odd.max_attempts, 1'000'000);
}

}  // namespace
}  // namespace vibestack::job_service
