// The input of a job reaches its worker as it was given, and belongs to the job until it is
// completed.
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <limits>
#include <map>

#include "tests/e2e/jobs/attempts/attempts_fixture.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

constexpr size_t kMaxInput = 1 << 20;  // --max_input

std::string Nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

// A JSON string of `size` bytes of text that does not compress well.
std::string TextOf(size_t size) {
  std::string text = "\"";
  while (text.size() + 1 < size) text += NewUuid();
  text.resize(size - 1);
  return text + "\"";
}

// A list of `count` equal numbers.
std::string ListOf(const std::string& number, int count, const std::string& comma = ",") {
  std::string list = "[" + number;
  for (int i = 1; i < count; ++i) list += comma + number;
  return list + "]";
}

class Inputs : public AttemptsTest {
 protected:
  // Creates a job with this input and works on it. Everybody who may see the input sees `kept`.
  static void ExpectKept(const std::string& given, const std::string& kept, bool as_value = true) {
    SCOPED_TRACE(given.substr(0, 60));
    const auto claimed = CreateAndClaim(NewJob(given));
    const std::string& id = claimed.job().id();
    EXPECT_EQ(Read(id).input_json(), kept);
    for (const Person* person : {user_, superuser_}) {
      const auto read = GetJob(*services_, person->access_token, id, job::v1::EXACT);
      EXPECT_EQ(read.value.input_json(), kept);
      EXPECT_FALSE(read.value.has_input());
    }
    for (const Job& job : {claimed.job(), Read(id, job::v1::FULL)}) {
      EXPECT_EQ(job.has_input(), as_value);
      EXPECT_EQ(job.has_input_json(), !as_value);
      if (as_value) {
        google::protobuf::Value value;
        ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(kept, &value).ok());
        EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(job.input(), value));
      } else {
        EXPECT_EQ(job.input_json(), kept);
      }
    }
    ASSERT_TRUE(Complete(*services_, claimed, "7").ok());
    EXPECT_EQ(PayloadOf(id), "7");
  }
  static void ExpectRefused(const std::string& input_json) {
    const auto refused = TryCreate(NewJob(input_json));
    EXPECT_THAT(refused, IsRefusedFor("input_json")) << input_json.substr(0, 60);
    EXPECT_EQ(refused.reason(), "INVALID_FIELDS");
  }
};

TEST_F(Inputs, AWorkerGetsWhatWasGiven) {
  ExpectKept("null", "null");
  ExpectKept("{}", "{}");
  ExpectKept("[]", "[]");
  ExpectKept(R"("")", R"("")");
  ExpectKept("false", "false");
  ExpectKept(" [1,\t2 ,\r\n3] ", "[1, 2, 3]");
  ExpectKept(R"({"b": "}, \"x\": {", "a": ["\\", "ö🦉", "\u0001"]})",
             R"({"a": ["\\", "ö🦉", "\u0001"], "b": "}, \"x\": {"})");
  ExpectKept(R"({"a": 1, "a": 2})", R"({"a": 2})");
  ExpectKept("[9007199254740993, 1.10, 123456789012345678901234567890]",
             "[9007199254740993, 1.10, 123456789012345678901234567890]");
  ExpectKept(Nested(40), Nested(40));
}

TEST_F(Inputs, AClaimReturnsTheExactTextIfItAsksForIt) {
  const auto request = NewJob(R"([9007199254740993, 1.10])");
  Create(request);
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids(request.workflow_id());
  claim.set_view(job::v1::EXACT);
  const auto exact = Call(services_->jobs(), &Jobs::ClaimJobs, claim, AsService());
  ASSERT_EQ(exact.value.jobs_size(), 1) << Describe(exact.status);
  EXPECT_EQ(exact.value.jobs(0).job().input_json(), "[9007199254740993, 1.10]");
  EXPECT_FALSE(exact.value.jobs(0).job().has_input());
  Create(request);
  claim.set_view(job::v1::BASIC);
  const auto basic = Call(services_->jobs(), &Jobs::ClaimJobs, claim, AsService());
  ASSERT_EQ(basic.value.jobs_size(), 1) << Describe(basic.status);
  EXPECT_FALSE(basic.value.jobs(0).job().has_input());
  EXPECT_FALSE(basic.value.jobs(0).job().has_input_json());
  EXPECT_EQ(basic.value.jobs(0).job().attempt(), 0);
  claim.set_view(static_cast<job::v1::JobView>(99));
  EXPECT_THAT(Call(services_->jobs(), &Jobs::ClaimJobs, claim, AsService()), IsRefusedFor("view"));
}

TEST_F(Inputs, WhatAValueCannotHoldComesAsText) {
  ExpectKept("1e400", "1" + std::string(400, '0'), false);
  ExpectKept(R"({"a": [-1e400]})", R"({"a": [-1)" + std::string(400, '0') + "]}", false);
  ExpectKept(Nested(200), Nested(200), false);
  ExpectKept(Nested(1'000), Nested(1'000), false);
}

TEST_F(Inputs, AnInputThatLooksLikeAnEnvelopeIsAnInput) {
  for (const std::string input :
       {R"({"vibestack_job": 1})", R"({"input": 2, "attempts": 9, "vibestack_job": 1})",
        R"({"error": {"code": "CANCELLED"}, "schedule": "waiting", "not_before": )"
        R"("2999-01-01T00:00:00.000000Z", "max_attempts": 1, "vibestack_job": 1})"}) {
    google::protobuf::Value value;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(input, &value).ok());
    const auto claimed = CreateAndClaim(NewJob(input));
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(claimed.job().input(), value));
    EXPECT_EQ(claimed.job().attempt(), 1);
    EXPECT_EQ(claimed.job().max_attempts(), 25);
    EXPECT_EQ(claimed.job().errors_size(), 0);
    EXPECT_FALSE(claimed.job().has_not_before());
    // An output that looks like one is an output.
    ASSERT_TRUE(Complete(*services_, claimed, input).ok());
    const Job done = Read(claimed.job().id());
    EXPECT_EQ(done.result_json(), PayloadOf(claimed.job().id()));
    EXPECT_THAT(done.result_json(), testing::HasSubstr(R"("vibestack_job": 1)"));
    EXPECT_FALSE(done.has_input_json());
    EXPECT_EQ(done.attempt(), 0);
  }
}

TEST_F(Inputs, AJobWithoutAnInputHasNone) {
  const auto claimed = CreateAndClaim(NewJob());
  for (const Job& job : {claimed.job(), Read(claimed.job().id())}) {
    EXPECT_FALSE(job.has_input());
    EXPECT_FALSE(job.has_input_json());
  }
  EXPECT_EQ(PayloadOf(claimed.job().id()), "");
}

TEST_F(Inputs, AValueIsTakenAsPlainJson) {
  auto request = NewJob();
  auto& fields = *request.mutable_input()->mutable_struct_value()->mutable_fields();
  fields["n"].set_number_value(1e300);
  fields["z"].set_null_value(google::protobuf::NULL_VALUE);
  fields["s"].set_string_value("a \"quote\" \\ \n\t\x7f ö");
  const auto claimed = CreateAndClaim(request);
  EXPECT_TRUE(
      google::protobuf::util::MessageDifferencer::Equals(claimed.job().input(), request.input()));
  request.mutable_input()->set_number_value(std::numeric_limits<double>::infinity());
  EXPECT_THAT(TryCreate(request), IsRefusedFor("input"));
  request.mutable_input()->set_string_value(std::string("a\0b", 3));
  EXPECT_THAT(TryCreate(request), IsRefusedFor("input"));
  request.mutable_input()->Clear();
  EXPECT_THAT(TryCreate(request), IsRefusedFor("input"));
}

TEST_F(Inputs, EverySizeUpToTheLimitIsTakenAndOneByteMoreIsNot) {
  for (const size_t size : {size_t{2}, size_t{100}, size_t{2'000}, size_t{8'192}, size_t{100'000},
                            kMaxInput - 1, kMaxInput}) {
    const std::string text = TextOf(size);
    ASSERT_EQ(text.size(), size);
    ExpectKept(text, text);
  }
  const std::string compressible = "\"" + std::string(kMaxInput - 2, 'x') + "\"";
  ExpectKept(compressible, compressible);
  ExpectRefused(TextOf(kMaxInput + 1));
  ExpectRefused(compressible + " ");
  auto request = NewJob();
  request.mutable_input()->set_string_value(std::string(kMaxInput - 1, 'x'));
  EXPECT_THAT(TryCreate(request), IsRefusedFor("input"));
  job::v1::BatchCreateJobsRequest batch;
  *batch.add_requests() = NewJob("1");
  *batch.add_requests() = NewJob(TextOf(kMaxInput + 1));
  EXPECT_THAT(Call(services_->jobs(), &Jobs::BatchCreateJobs, batch, AsUser()),
              IsRefusedFor("requests.input_json"));
  EXPECT_TRUE(Claim(batch.requests(0).workflow_id()).empty());
}

TEST_F(Inputs, NumbersCountAsTheyAreWrittenOut) {
  // The largest number that PostgreSQL takes: eight bytes that become 131,072.
  ExpectKept(ListOf("1e131071", 7), ListOf("1" + std::string(131'071, '0'), 7, ", "), false);
  ExpectRefused(ListOf("1e131071", 8));
  // As a Value, this list would not fit into a message.
  const int count = kMaxInput / 2 - 1;
  ExpectKept(ListOf("1", count), ListOf("1", count, ", "), false);
}

TEST_F(Inputs, WhatIsNoJsonOrCannotBeStoredIsRefused) {
  for (const std::string& input :
       {std::string(" "), std::string("{"), std::string("NaN"), std::string("01"),
        std::string("1 2"), std::string(R"("\u0000")"), std::string(R"({"\u0000": 1})"),
        std::string(R"(["a\u0000b"])"), std::string(R"("\ud800")"), std::string("1e131072"),
        std::string("1e-400000"), Nested(20'000)}) {
    ExpectRefused(input);
  }
  auto request = NewJob();
  request.set_input_json("");
  EXPECT_THAT(TryCreate(request), IsRefusedFor("input_json"));
}

TEST_F(Inputs, OnlyGetJobAndClaimJobsReturnIt) {
  const Job created = Create(NewJob(R"(["secret"])"));
  EXPECT_FALSE(created.has_input());
  const auto has_none = [](const Job& job) {
    EXPECT_EQ(job.ShortDebugString().find("secret"), std::string::npos) << job.ShortDebugString();
  };
  has_none(created);
  has_none(Read(created.id(), job::v1::BASIC));
  for (const auto view : {job::v1::BASIC, job::v1::FULL, job::v1::EXACT}) {
    job::v1::ListJobsRequest list;
    list.set_workflow_id(created.workflow_id());
    list.set_view(view);
    const auto listed = Call(services_->jobs(), &Jobs::ListJobs, list, AsUser());
    ASSERT_EQ(listed.value.jobs_size(), 1);
    has_none(listed.value.jobs(0));
    job::v1::BatchGetJobsRequest get;
    get.add_ids(created.id());
    get.set_view(view);
    has_none(Call(services_->jobs(), &Jobs::BatchGetJobs, get, AsUser()).value.jobs(0));
    job::v1::WaitJobRequest wait;
    wait.set_id(created.id());
    wait.set_view(view);
    wait.mutable_timeout()->set_nanos(1'000'000);
    has_none(Call(services_->jobs(), &Jobs::WaitJob, wait, AsUser()).value);
  }
  job::v1::GetJobResultRequest result;
  result.set_id(created.id());
  EXPECT_EQ(Call(services_->jobs(), &Jobs::GetJobResult, result, AsUser()).reason(), "NO_RESULT");
}

// The default limit of a client is 4 MiB.
TEST_F(Inputs, AnInputIsReadableBesideTheLargestProgressAndError) {
  // The text grows in JSONB, by a space after each comma, and a Value of it is larger still.
  std::string large = "[1";
  while (large.size() < kMaxInput - 2) large += ",1";
  large += "]";
  const auto claimed = CreateAndClaim(NewJob(large));
  const auto expect_input = [&](Job::Status status) {
    for (const auto view : {job::v1::FULL, job::v1::EXACT}) {
      const Job job = Read(claimed.job().id(), view);
      EXPECT_EQ(job.status(), status);
      EXPECT_TRUE(job.has_input() || job.has_input_json());
      EXPECT_TRUE(job.has_result_payload() || job.has_result_json());
      EXPECT_LT(job.ByteSizeLong(), size_t{4} << 20);
    }
  };
  job::v1::ReportProgressRequest progress;
  progress.set_id(claimed.job().id());
  progress.set_lease_token(claimed.lease_token());
  progress.set_result_json(large + "    ");
  EXPECT_THAT(Call(services_->jobs(), &Jobs::ReportProgress, progress, AsService()),
              IsRefusedFor("result_json"));
  progress.set_result_json(large);
  const auto reported = Call(services_->jobs(), &Jobs::ReportProgress, progress, AsService());
  ASSERT_THAT(reported, IsOk());
  expect_input(Job::PROCESSING);
  job::v1::FailJobRequest fail;
  fail.set_id(claimed.job().id());
  fail.set_lease_token(reported.value.lease_token());
  fail.set_code("E");
  fail.mutable_details()->set_string_value(std::string(kMaxInput, 'x'));
  EXPECT_THAT(Call(services_->jobs(), &Jobs::FailJob, fail, AsService()), IsRefusedFor("details"));
  fail.mutable_details()->set_string_value(std::string(kMaxInput - 2, 'x'));
  ASSERT_THAT(Call(services_->jobs(), &Jobs::FailJob, fail, AsService()), IsOk());
  expect_input(Job::FAILED);
}

TEST_F(Inputs, TheSameInputAgainIsTheSameJob) {
  auto request = NewJob(R"({"a": 1, "b": [1e2]})");
  request.set_id(NewUuid());
  ASSERT_THAT(TryCreate(request), IsOk());
  request.set_input_json(R"({"b":[100.0],"a":1})");
  EXPECT_THAT(TryCreate(request), IsOk());
  for (const char* other : {R"({"a": 1, "b": [101]})", "null", "{}"}) {
    request.set_input_json(other);
    EXPECT_EQ(TryCreate(request).reason(), "ID_TAKEN") << other;
  }
  request.clear_input_json();
  EXPECT_EQ(TryCreate(request).reason(), "ID_TAKEN");
  const auto claimed = ClaimJob(*services_, request.workflow_id());
  EXPECT_EQ(TryCreate(request).reason(), "ID_TAKEN");
  // A completed job keeps no input.
  ASSERT_TRUE(Complete(*services_, claimed, "1").ok());
  EXPECT_EQ(TryCreate(request).value.status(), Job::COMPLETED);
  request.set_input_json("3");
  EXPECT_EQ(TryCreate(request).value.status(), Job::COMPLETED);

  auto without = NewJob();
  without.set_id(NewUuid());
  ASSERT_THAT(TryCreate(without), IsOk());
  without.set_input_json("null");
  EXPECT_EQ(TryCreate(without).reason(), "ID_TAKEN");
}

TEST_F(Inputs, ABatchHasInputsOfItsOwn) {
  job::v1::BatchCreateJobsRequest batch;
  for (int i = 0; i < 100; ++i) {
    *batch.add_requests() = NewJob(i % 3 == 0 ? "" : std::to_string(i));
    batch.mutable_requests(i)->set_workflow_id(batch.requests(0).workflow_id());
  }
  const auto created = Call(services_->jobs(), &Jobs::BatchCreateJobs, batch, AsUser());
  ASSERT_THAT(created, IsOk());
  const auto claimed = Claim(batch.requests(0).workflow_id(), 1'000);
  ASSERT_EQ(claimed.size(), 100U);
  for (const auto& one : claimed) {
    int place = 0;
    while (created.value.jobs(place).id() != one.job().id()) ++place;
    EXPECT_EQ(one.job().has_input(), place % 3 != 0);
    EXPECT_EQ(one.job().input().number_value(), place % 3 == 0 ? 0 : place);
  }
}

TEST_F(Inputs, AClaimGetsNoMoreThanFitsIntoItsResponse) {
  constexpr int kJobs = 7;
  for (const bool compressible : {false, true}) {
    const std::string workflow = NewJob().workflow_id();
    std::map<std::string, std::string> inputs;
    for (int i = 0; i < kJobs; ++i) {
      auto request =
          NewJob(compressible ? "\"" + std::string(900'000 + i, 'x') + "\"" : TextOf(900'000 + i));
      request.set_workflow_id(workflow);
      inputs[Create(request).id()] = request.input_json();
    }
    int claims = 0;
    while (!inputs.empty()) {
      const auto claimed = Claim(workflow, 100, absl::Seconds(10));
      ASSERT_FALSE(claimed.empty()) << inputs.size();
      EXPECT_LE(claimed.size(), 3U);
      ++claims;
      for (const auto& one : claimed) {
        EXPECT_EQ("\"" + one.job().input().string_value() + "\"", inputs[one.job().id()]);
        EXPECT_EQ(one.job().attempt(), 1) << "a job that did not fit has lost no attempt";
        inputs.erase(one.job().id());
      }
    }
    EXPECT_GE(claims, 3);
  }
}

class SmallInputs : public AttemptsTest {
 protected:
  static void SetUpTestSuite() { SetUpWith({.job_flags = {"--max_input=10"}}); }
};

TEST_F(SmallInputs, TheOperatorSetsTheLimit) {
  EXPECT_THAT(TryCreate(NewJob("\"12345678\"")), IsOk());
  EXPECT_THAT(TryCreate(NewJob("\"123456789\"")), IsRefusedFor("input_json"));
  EXPECT_THAT(TryCreate(NewJob("1e10")), IsRefusedFor("input_json")) << "11 digits";
}

}  // namespace
}  // namespace vibestack::e2e
