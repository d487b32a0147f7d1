// Results of workers: JSON that PostgreSQL's jsonb accepts is stored exactly; other text is refused
// with the name of the field.
#include <cmath>
#include <limits>

#include "tests/e2e/wire/input/input_fixture.h"

namespace vibestack::e2e {
namespace {

std::string Nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

class Json : public InputTest {
 protected:
  // Creates, claims and completes a job with this request.
  static Result<job::v1::Job> CompleteWith(job::v1::CompleteJobRequest request) {
    const job::v1::ClaimedJob claimed = CreateAndClaim(*services_, *user_);
    request.set_id(claimed.job().id());
    request.set_lease_token(claimed.lease_token());
    return Call(services_->jobs(), &JobService::Stub::CompleteJob, request, AsService());
  }

  static Result<job::v1::Job> CompleteWithJson(const std::string& json) {
    job::v1::CompleteJobRequest request;
    request.set_result_json(json);
    return CompleteWith(request);
  }

  static void ExpectKept(const std::string& json, const std::string& kept) {
    const auto completed = CompleteWithJson(json);
    ASSERT_THAT(completed, IsOk()) << json.substr(0, 100);
    const auto exact =
        e2e::GetJob(*services_, user_->access_token, completed.value.id(), job::v1::EXACT);
    EXPECT_EQ(exact.value.result_json(), kept);
    const auto full =
        e2e::GetJob(*services_, user_->access_token, completed.value.id(), job::v1::FULL);
    EXPECT_THAT(full, IsOk()) << json.substr(0, 100);
    EXPECT_NE(full.value.has_result_payload(), !full.value.result_json().empty());
  }
};

TEST_F(Json, ExactTextIsKept) {
  ExpectKept("null", "null");
  ExpectKept("true", "true");
  ExpectKept(R"("")", R"("")");
  ExpectKept(" [1,\t2 ,\r\n3] ", "[1, 2, 3]");
  ExpectKept("9007199254740993", "9007199254740993");
  ExpectKept("-0.10000000000000000000000000000000000001",
             "-0.10000000000000000000000000000000000001");
  ExpectKept(R"({"a": {"b": [{"c": "ö🦉"}]}})", R"({"a": {"b": [{"c": "ö🦉"}]}})");
  ExpectKept(R"("\ud83e\udd89")", R"("🦉")");
  ExpectKept(R"("\u0001\u001f")", R"("\u0001\u001f")");
}

TEST_F(Json, NumbersBeyondADoubleAreKept) {
  ExpectKept("1e400", "1" + std::string(400, '0'));
  ExpectKept("-1e400", "-1" + std::string(400, '0'));
  ExpectKept(R"({"a": [1e400]})", R"({"a": [1)" + std::string(400, '0') + "]}");
}

TEST_F(Json, NestingTooDeepForAValueIsKept) {
  ExpectKept(Nested(200), Nested(200));
  ExpectKept(Nested(1'000), Nested(1'000));
}

TEST_F(Json, TextThatIsNoJsonIsRefused) {
  for (const std::string& json : {std::string(),
                                  std::string(" "),
                                  std::string("{"),
                                  std::string("nul"),
                                  std::string("NaN"),
                                  std::string("Infinity"),
                                  std::string("-"),
                                  std::string("01"),
                                  std::string("1."),
                                  std::string(".5"),
                                  std::string("+1"),
                                  std::string("0x10"),
                                  std::string("'a'"),
                                  std::string("[1,]"),
                                  std::string(R"({"a":1,})"),
                                  std::string("{a:1}"),
                                  std::string("1 2"),
                                  std::string("{} {}"),
                                  std::string("// c\n1"),
                                  std::string("\xef\xbb\xbf") + "1",
                                  std::string("\"a\nb\""),
                                  std::string(R"("\x")"),
                                  std::string(R"("\u12")"),
                                  std::string("\"")}) {
    EXPECT_THAT(CompleteWithJson(json), IsRefusedFor("result_json")) << json;
  }
}

TEST_F(Json, WhatJsonbCannotHoldIsRefused) {
  for (const std::string& json :
       {std::string(R"("\u0000")"), std::string(R"({"\u0000": 1})"), std::string(R"(["a\u0000b"])"),
        std::string(R"("\ud800")"), std::string(R"("\udc00")"), std::string(R"("\ud800\ud800")"),
        std::string(R"("\udc00\ud800")"), std::string(R"({"\ud800": 1})"), std::string("1e400000"),
        std::string("1e-400000"), std::string("1e99999999999999999999"),
        std::string(200'000, '9')}) {
    EXPECT_THAT(CompleteWithJson(json), IsRefusedFor("result_json")) << json.substr(0, 50);
  }
}

TEST_F(Json, DeepNestingIsRefusedAndHarmless) {
  for (const int depth : {20'000, 100'000, 1'000'000}) {
    EXPECT_THAT(CompleteWithJson(Nested(depth)), IsRefusedFor("result_json")) << depth;
    EXPECT_THAT(CompleteWithJson(std::string(depth, '[')), IsRefusedFor("result_json")) << depth;
  }
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_THAT(CompleteWithJson(objects + "1" + std::string(100'000, '}')),
              IsRefusedFor("result_json"));
}

TEST_F(Json, ValuesThatAreNoJsonAreRefused) {
  for (const double number : {std::nan(""), std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity()}) {
    job::v1::CompleteJobRequest request;
    request.mutable_result_payload()->set_number_value(number);
    EXPECT_THAT(CompleteWith(request), IsRefusedFor("result_payload"));
    request.mutable_result_payload()->mutable_list_value()->add_values()->set_number_value(number);
    EXPECT_THAT(CompleteWith(request), IsRefusedFor("result_payload"));
  }
  job::v1::CompleteJobRequest request;
  request.mutable_result_payload();
  EXPECT_THAT(CompleteWith(request), IsRefusedFor("result_payload"));
  request.mutable_result_payload()->mutable_list_value()->add_values();
  EXPECT_THAT(CompleteWith(request), IsRefusedFor("result_payload"));
  (*request.mutable_result_payload()->mutable_struct_value()->mutable_fields())["a"];
  EXPECT_THAT(CompleteWith(request), IsRefusedFor("result_payload.a"));
}

TEST_F(Json, ValueIsStoredAsPlainJson) {
  job::v1::CompleteJobRequest request;
  auto& fields = *request.mutable_result_payload()->mutable_struct_value()->mutable_fields();
  fields["n"].set_number_value(1e300);
  fields["i"].set_number_value(9007199254740991.0);
  fields["z"].set_null_value(google::protobuf::NULL_VALUE);
  fields["s"].set_string_value("a \"quote\" \\ \n\t\x7f ö");
  const auto completed = CompleteWith(request);
  ASSERT_THAT(completed, IsOk());
  const auto full =
      e2e::GetJob(*services_, user_->access_token, completed.value.id(), job::v1::FULL);
  const auto& read = full.value.result_payload().struct_value().fields();
  EXPECT_EQ(read.at("n").number_value(), 1e300);
  EXPECT_EQ(read.at("s").string_value(), fields["s"].string_value());
  EXPECT_TRUE(read.at("z").has_null_value());
  const auto exact =
      e2e::GetJob(*services_, user_->access_token, completed.value.id(), job::v1::EXACT);
  EXPECT_THAT(exact.value.result_json(), testing::HasSubstr(R"("i": 9007199254740991)"));
}

TEST_F(Json, NoResultIsNull) {
  const auto completed = CompleteWith({});
  ASSERT_THAT(completed, IsOk());
  const auto exact =
      e2e::GetJob(*services_, user_->access_token, completed.value.id(), job::v1::EXACT);
  EXPECT_EQ(exact.value.result_json(), "null");
}

TEST_F(Json, DetailsOfAFailureAreCheckedToo) {
  job::v1::FailJobRequest request;
  request.set_id(NewUuid());
  request.set_lease_token(1);
  request.set_code("X");
  request.mutable_details()->set_number_value(std::nan(""));
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::FailJob, request, AsService()),
              IsRefusedFor("details"));
  request.mutable_details()->set_string_value(std::string("\0", 1));
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::FailJob, request, AsService()),
              IsRefusedFor("details"));
  request.set_code("");
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::FailJob, request, AsService()),
              IsRefusedFor("code"));
}

TEST_F(Json, EachOfTheHardOnesIsStoredAsItIsOrRefusedAndTheConnectionsStay) {
  const double connects = services_->job().Metric("vibestack_db_connects_total");
  EXPECT_GT(connects, 0);
  // The largest value that fits into a message of 4 MiB, gRPC's limit, with the rest of the
  // request.
  const std::string large = "\"" + std::string((4 << 20) - 256, 'x') + "\"";
  for (const auto& [json, kept] : std::vector<std::pair<std::string, std::string>>{
           {R"({"a": 1, "a": 2})", R"({"a": 2})"},  // as JSONB keeps the last of equal keys
           {Nested(100), Nested(100)},
           {"9007199254740993", "9007199254740993"},
           {"null", "null"},
           {"{}", "{}"},
           {R"("")", R"("")"},
           {"1e131071", "1" + std::string(131'071, '0')},  // the largest that PostgreSQL takes
           {large, large}}) {
    ExpectKept(json, kept);
  }
  for (const std::string& json :
       {std::string(R"({"\u0000": 1})"), std::string(R"({"a": "\u0000"})"),
        std::string(R"(["\u0000"])"), std::string(R"("\ud800")"), std::string(R"(["\udfff"])"),
        std::string("1e131072"), std::string("NaN"), Nested(20'000)}) {
    EXPECT_THAT(CompleteWithJson(json), IsRefusedFor("result_json")) << json.substr(0, 50);
  }
  EXPECT_EQ(services_->job().Metric("vibestack_db_connects_total"), connects);
}

TEST_F(Json, AResultAboveFourMebibytesIsRefusedWithTheReason) {
  job::v1::CompleteJobRequest request;
  request.set_id(NewUuid());
  request.set_lease_token(1);
  request.set_result_json("\"" + std::string(4 << 20, 'x') + "\"");
  // gRPC itself refuses the message, so the error has no details of ours.
  grpc::ClientContext context;
  Prepare(context, AsService());
  job::v1::Job response;
  const grpc::Status refused = services_->jobs().CompleteJob(&context, request, &response);
  EXPECT_EQ(refused.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), testing::HasSubstr("larger than max"));
}

TEST_F(Json, LargeResultIsStoredAndRead) {
  // A little below gRPC's message limit: jsonb adds spaces, which make the response longer.
  std::string json = "[1";
  while (json.size() < 2'600'000) json += ",1";
  const auto completed = CompleteWithJson(json + "]");
  ASSERT_THAT(completed, IsOk());
  EXPECT_THAT(e2e::GetJob(*services_, user_->access_token, completed.value.id(), job::v1::EXACT),
              IsOk());
}

TEST_F(Json, WhatWasTakenIsReadByADefaultClientInEveryViewAndInLists) {
  std::string numbers = "[1";
  while (numbers.size() < 2'600'000) numbers += ",1";
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    const auto completed = CompleteWithJson(numbers + "]");
    ASSERT_THAT(completed, IsOk());
    ids.push_back(completed.value.id());
    for (const job::v1::JobView view : {job::v1::FULL, job::v1::EXACT}) {
      job::v1::GetJobRequest get;
      get.set_id(ids.back());
      get.set_view(view);
      const auto job =
          Call(services_->jobs(), &JobService::Stub::GetJob, get, {.token = user_->access_token});
      ASSERT_THAT(job, IsOk());
      EXPECT_TRUE(job.value.has_result_json());
    }
  }
  std::string small = "[1";
  while (small.size() < 400'000) small += ",1";
  for (int i = 0; i < 5; ++i) {
    const auto completed = CompleteWithJson(small + "]");
    ASSERT_THAT(completed, IsOk());
    ids.push_back(completed.value.id());
  }
  job::v1::ListJobsRequest list;
  list.set_user_id("me");
  list.set_view(job::v1::FULL);
  std::set<std::string> listed;
  do {
    const auto page =
        Call(services_->jobs(), &JobService::Stub::ListJobs, list, {.token = user_->access_token});
    ASSERT_THAT(page, IsOk());
    EXPECT_TRUE(page.value.jobs_size() == 1 || page.value.ByteSizeLong() < (5 << 20) / 2);
    for (const auto& job : page.value.jobs()) listed.insert(job.id());
    list.set_page_token(page.value.next_page_token());
  } while (!list.page_token().empty());
  for (const std::string& id : ids) EXPECT_TRUE(listed.contains(id));
  job::v1::BatchGetJobsRequest batch;
  for (const std::string& id : ids) batch.add_ids(id);
  batch.set_view(job::v1::FULL);
  const auto got = Call(services_->jobs(), &JobService::Stub::BatchGetJobs, batch,
                        {.token = user_->access_token});
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got.value.jobs_size(), static_cast<int>(ids.size()));
  EXPECT_GT(got.value.omitted_result_ids_size(), 0);
  // What would print more than a message takes is refused, though its text is small.
  std::string printed_large = "[1e131071";
  for (int i = 0; i < 40; ++i) printed_large += ",1e131071";
  EXPECT_THAT(CompleteWithJson(printed_large + "]"), IsRefusedFor("result_json"));
}

}  // namespace
}  // namespace vibestack::e2e
