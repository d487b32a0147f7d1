#include "job_service/api/json_to_value.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "vibestack/job/v1/job_service.pb.h"

namespace vibestack::job_service {
namespace {

using google::protobuf::Value;

// The JSON that protobuf prints for the Value; empty if a Value cannot hold `json`.
std::string RoundTrip(const std::string& json) {
  Value value;
  if (!JsonToValue(json, value)) return "";
  std::string text;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(value, &text).ok());
  return text;
}

std::string Nested(const std::string& open, const std::string& close, int depth) {
  std::string json;
  for (int i = 0; i < depth; ++i) json += open;
  json += "1";
  for (int i = 0; i < depth; ++i) json += close;
  return json;
}

// Whether a client can parse the response in which the Value is nested deepest.
bool Arrives(const std::string& json) {
  job::v1::ListJobsResponse response;
  EXPECT_TRUE(JsonToValue(json, *response.add_jobs()->mutable_result_payload()));
  return job::v1::ListJobsResponse().ParseFromString(response.SerializeAsString());
}

TEST(JsonToValueTest, JsonComesOutAsItWas) {
  for (const char* json : {"null", "true", "1.5", "\"ä\"", "{}", "[]", R"({"a":[1,{"b":null},[]]})",
                           R"([{"x":{"y":"z"}},"s",-2])"}) {
    EXPECT_EQ(RoundTrip(json), json);
  }
}

TEST(JsonToValueTest, KeysOfNestedObjectsStayApart) {
  // The order of a Struct's keys is unspecified.
  EXPECT_THAT(RoundTrip(R"({"a":{"b":1},"c":{"b":2}})"),
              testing::AnyOf(R"({"a":{"b":1},"c":{"b":2}})", R"({"c":{"b":2},"a":{"b":1}})"));
}

TEST(JsonToValueTest, NumbersAreRoundedToDoubles) {
  EXPECT_EQ(RoundTrip("9007199254740993"), "9007199254740992");
  EXPECT_EQ(RoundTrip("1e-400"), "0");
}

TEST(JsonToValueTest, NumbersBeyondAllDoublesDoNotFit) {
  EXPECT_EQ(RoundTrip("1e400"), "");
  EXPECT_EQ(RoundTrip("[-1e400]"), "");
  EXPECT_EQ(RoundTrip(std::string(400, '9')), "");
}

TEST(JsonToValueTest, WhatFitsIsParsedByAReceiver) {
  EXPECT_TRUE(Arrives(Nested("{\"a\":", "}", 31)));
  EXPECT_TRUE(Arrives(Nested("[", "]", 47)));
}

TEST(JsonToValueTest, WhatNestsDeeperDoesNotFit) {
  EXPECT_EQ(RoundTrip(Nested("{\"a\":", "}", 32)), "");
  EXPECT_EQ(RoundTrip(Nested("[", "]", 48)), "");
  EXPECT_EQ(RoundTrip(Nested("[", "]", 100'000)), "");
}

}  // namespace
}  // namespace vibestack::job_service
