#include "job_service/api/convert.h"

#include <gtest/gtest.h>

namespace vibestack::job_service {
namespace {

constexpr size_t kLarge = 1'000'000;

Job JobWith(std::optional<std::string> input) {
  Job job;
  job.input = std::move(input);
  return job;
}

pb::Job InputOf(const std::string& input, pb::JobView view = pb::FULL, size_t max_bytes = kLarge) {
  pb::Job proto;
  AddInput(JobWith(input), view, max_bytes, proto);
  EXPECT_FALSE(proto.has_input() && proto.has_input_json());
  return proto;
}

TEST(AddInputTest, AnInputIsAValue) {
  const pb::Job proto = InputOf(R"({"n": [1.5]})");
  EXPECT_EQ(proto.input().struct_value().fields().at("n").list_value().values(0).number_value(),
            1.5);
  EXPECT_EQ(InputOf("null").input().kind_case(), google::protobuf::Value::kNullValue);
  EXPECT_TRUE(InputOf("\"\"").has_input());
}

TEST(AddInputTest, TheExactViewHasItsText) {
  const std::string input = R"({"n": 1.000})";
  EXPECT_EQ(InputOf(input, pb::EXACT).input_json(), input);
  EXPECT_TRUE(InputOf(input, pb::EXACT).has_input_json());
}

TEST(AddInputTest, WhatAValueCannotHoldIsText) {
  for (const std::string& input :
       {std::string(500, '[') + std::string(500, ']'), std::string("[1e400]")}) {
    EXPECT_EQ(InputOf(input).input_json(), input);
    EXPECT_TRUE(InputOf(input).has_input_json());
  }
}

TEST(AddInputTest, AValueThatTakesTooManyBytesIsText) {
  std::string input = "[0";
  for (int i = 0; i < 1'000; ++i) input += ", 0";
  input += "]";
  EXPECT_TRUE(InputOf(input).has_input());
  EXPECT_GT(InputOf(input).input().ByteSizeLong(), input.size());
  EXPECT_EQ(InputOf(input, pb::FULL, input.size()).input_json(), input);
  const size_t exactly = InputOf(input).input().ByteSizeLong();
  EXPECT_TRUE(InputOf(input, pb::FULL, exactly).has_input());
  EXPECT_TRUE(InputOf(input, pb::FULL, exactly - 1).has_input_json());
}

TEST(AddInputTest, ALargerTextThanThereIsRoomForIsLeftOut) {
  const std::string input = "\"" + std::string(100, 'x') + "\"";
  for (const pb::JobView view : {pb::FULL, pb::EXACT}) {
    const pb::Job proto = InputOf(input, view, input.size() - 1);
    EXPECT_FALSE(proto.has_input() || proto.has_input_json());
  }
  EXPECT_TRUE(InputOf(input, pb::EXACT, input.size()).has_input_json());
}

TEST(AddInputTest, AJobWithoutAnInputHasNone) {
  pb::Job proto;
  AddInput(JobWith(std::nullopt), pb::EXACT, kLarge, proto);
  EXPECT_FALSE(proto.has_input() || proto.has_input_json());
}

pb::Job AttemptsOf(const Job& job) {
  std::map<std::string, Workflow> workflows;
  workflows["w"].max_attempts = 4;
  pb::Job proto;
  AddAttempts(job, WorkflowSet(std::move(workflows)), proto);
  return proto;
}

TEST(AddAttemptsTest, APendingJobTellsTheNextAttemptAndAFailedOneTheLast) {
  Job job;
  job.failed_attempts = 2;
  EXPECT_EQ(AttemptsOf(job).attempt(), 3);
  job.status = JobStatus::kProcessing;
  EXPECT_EQ(AttemptsOf(job).attempt(), 3);
  job.status = JobStatus::kFailed;
  EXPECT_EQ(AttemptsOf(job).attempt(), 2);
}

TEST(AddAttemptsTest, TheNumberOfAttemptsIsTheJobsTheWorkflowsOrTheDefault) {
  Job job;
  job.workflow_id = "v";
  EXPECT_EQ(AttemptsOf(job).max_attempts(), 25);
  job.workflow_id = "w";
  EXPECT_EQ(AttemptsOf(job).max_attempts(), 4);
  job.max_attempts = 2;
  EXPECT_EQ(AttemptsOf(job).max_attempts(), 2);
}

TEST(AddAttemptsTest, ErrorsAndTimesAreAdded) {
  Job job;
  AttemptError error;
  error.time = absl::FromUnixSeconds(7);
  error.attempt = 2;
  error.code = "E";
  error.message = "why";
  job.errors = {error, AttemptError()};
  job.not_before = absl::FromUnixSeconds(9);
  const pb::Job proto = AttemptsOf(job);
  ASSERT_EQ(proto.errors_size(), 2);
  EXPECT_EQ(proto.errors(0).time().seconds(), 7);
  EXPECT_EQ(proto.errors(0).attempt(), 2);
  EXPECT_EQ(proto.errors(0).code(), "E");
  EXPECT_EQ(proto.errors(0).message(), "why");
  EXPECT_FALSE(proto.errors(1).has_time());
  EXPECT_EQ(proto.not_before().seconds(), 9);
  EXPECT_FALSE(AttemptsOf(Job()).has_not_before());
}

TEST(AddAttemptsTest, ACompletedJobHasNone) {
  Job job;
  job.status = JobStatus::kCompleted;
  EXPECT_EQ(AttemptsOf(job).ByteSizeLong(), 0U);
}

// `[1, 1, …]` takes 3.7 times the bytes of its text as a Value.
TEST(ToProtoTest, AResultWhoseValueIsTooLargeForAMessageIsText) {
  Job job;
  job.status = JobStatus::kCompleted;
  for (const int count : {100, 1'300'000}) {
    std::string text = "[1";
    for (int i = 1; i < count; ++i) text += ", 1";
    job.result = text + "]";
    const pb::Job proto = ToProto(job, pb::FULL);
    EXPECT_EQ(proto.has_result_json(), count > 100);
    EXPECT_EQ(proto.has_result_payload(), count == 100);
    EXPECT_LT(proto.ByteSizeLong(), size_t{4} << 20);
  }
  job.result = "\"" + std::string((4 << 20) - 1'000, 'x') + "\"";
  EXPECT_TRUE(ToProto(job, pb::FULL).has_result_payload());
}

}  // namespace
}  // namespace vibestack::job_service
