#include "job_service/api/value_to_json.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <limits>

#include "job_service/api/json_text.h"

namespace vibestack::job_service {
namespace {

using google::protobuf::Value;
using testing::HasSubstr;

Value FromJson(const std::string& json) {
  Value value;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &value).ok()) << json;
  return value;
}

std::string ToJson(const Value& value) {
  rpc::Validator validator;
  std::string json = ValueToJson("result_payload", value, validator);
  EXPECT_TRUE(validator.ok()) << validator.ToStatus();
  return json;
}

std::string FaultOf(const Value& value) {
  rpc::Validator validator;
  ValueToJson("result_payload", value, validator);
  return std::string(validator.ToStatus().message());
}

TEST(ValueToJsonTest, ValuesBecomeTheirJson) {
  for (const char* json : {"null", "true", "false", "0", "-1.5", "\"\"", "\"ä\\\\\"", "{}", "[]",
                           R"([1,[{"a":null}],"x"])"}) {
    EXPECT_EQ(ToJson(FromJson(json)), json);
  }
}

TEST(ValueToJsonTest, TheTextIsJson) {
  const Value value = FromJson(R"({"a\n\u0001":"\"\\ \u001f 😀","b":[1e300,-0.1,1e-7]})");
  EXPECT_EQ(JsonFault(ToJson(value)), "") << ToJson(value);
}

TEST(ValueToJsonTest, NumbersThatJsonLacksAreRefusedByTheirPath) {
  for (const double number :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    Value value = FromJson(R"({"a":[0]})");
    (*value.mutable_struct_value()->mutable_fields())["a"]
        .mutable_list_value()
        ->add_values()
        ->set_number_value(number);
    EXPECT_THAT(FaultOf(value), HasSubstr("result_payload.a[1]: must be finite"));
  }
}

TEST(ValueToJsonTest, MembersOfNoKindAreRefused) {
  EXPECT_THAT(FaultOf(Value()), HasSubstr("result_payload: is a Value without a kind"));
  Value list;
  list.mutable_list_value()->add_values();
  EXPECT_THAT(FaultOf(list), HasSubstr("result_payload[0]: is a Value without a kind"));
  Value object;
  (*object.mutable_struct_value()->mutable_fields())["k"];
  EXPECT_THAT(FaultOf(object), HasSubstr("result_payload.k: is a Value without a kind"));
}

TEST(ValueToJsonTest, NulIsRefusedInTextsAndKeys) {
  Value text;
  text.set_string_value(std::string("a\0b", 3));
  EXPECT_THAT(FaultOf(text), HasSubstr("result_payload: must not contain NUL"));
  Value object;
  (*object.mutable_struct_value()->mutable_fields())[std::string("\0", 1)].set_bool_value(true);
  EXPECT_THAT(FaultOf(object), HasSubstr("must not contain NUL"));
}

TEST(ValueToJsonTest, OneOfManyFaultsIsReported) {
  Value list;
  for (int i = 0; i < 1'000; ++i) list.mutable_list_value()->add_values();
  rpc::Validator validator;
  ValueToJson("details", list, validator);
  EXPECT_LT(validator.ToStatus().ToString().size(), 500U);
}

}  // namespace
}  // namespace vibestack::job_service
