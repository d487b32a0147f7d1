#include "common/auth/jwt_json.h"

#include <gtest/gtest.h>

#include <string>

#include "common/auth/base64url.h"

namespace vibestack::auth {
namespace {

using std::string_literals::operator""s;

bool IsTaken(const std::string& json) {
  return JwtPayload::Decode(Base64UrlEncode(json)).has_value();
}

TEST(JwtPayloadTest, ClaimsKeepTheirTypes) {
  const auto payload = JwtPayload::Decode(Base64UrlEncode(
      R"({"array":[1,"x"],"int":-7,"null":null,"real":1.5,"text":"\u0001 \"ä\"/"})"));
  ASSERT_TRUE(payload.has_value());
  EXPECT_EQ(payload->GetString("text"), "\x01 \"ä\"/");
  EXPECT_EQ(payload->GetInt("int"), -7);
  EXPECT_EQ(payload->GetInt("text"), std::nullopt);
  EXPECT_EQ(payload->GetInt("real"), std::nullopt);
  EXPECT_EQ(payload->GetString("int"), std::nullopt);
  EXPECT_EQ(payload->GetString("array"), std::nullopt);
  EXPECT_TRUE(payload->Has("null"));
  EXPECT_FALSE(payload->Has("other"));
}

TEST(JwtPayloadTest, EncodesWhatItDecodes) {
  for (const char* json : {"{}", R"({"a":1,"b":"x"})", R"({"a":[{"b":[null,true,1.5]}],"c":{}})",
                           R"({"":"","a":9223372036854775807})"}) {
    const auto payload = JwtPayload::Decode(Base64UrlEncode(json));
    ASSERT_TRUE(payload.has_value()) << json;
    EXPECT_EQ(payload->Encode(), Base64UrlEncode(json));
  }
}

TEST(JwtPayloadTest, OnlyTheCanonicalFormIsTaken) {
  for (const char* json :
       {"", "[]", "null", "1", "{", R"({"a":1} )", R"({ "a":1})", R"({"b":1,"a":1})", R"({"a":01})",
        R"({"a":-0})", R"({"a":1e1})", R"({"a":"\/"})", R"({"a":"\u0041"})", R"({"a":1,})",
        R"({"a":1}{})", R"({"a":NaN})", R"({"a":1}//)", "{'a':1}"}) {
    EXPECT_FALSE(IsTaken(json)) << json;
  }
}

TEST(JwtPayloadTest, ANameThatIsThereTwiceIsRefused) {
  EXPECT_FALSE(IsTaken(R"({"a":1,"a":1})"));
  EXPECT_FALSE(IsTaken(R"({"a":{"b":1,"b":2}})"));
  EXPECT_FALSE(IsTaken(R"({"a":[{"c":1,"b":2}]})"));
}

TEST(JwtPayloadTest, NulAndInvalidUtf8AreRefused) {
  EXPECT_FALSE(IsTaken("{\"a\":\"\\u0000\"}"));
  EXPECT_FALSE(IsTaken("{\"a\\u0000\":1}"));
  EXPECT_FALSE(IsTaken("{}\0"s));
  EXPECT_FALSE(IsTaken("{\"a\":1}\0{}"s));
  EXPECT_FALSE(IsTaken("{\"a\":\"\xff\"}"));
  EXPECT_FALSE(IsTaken("{\"a\":\"\xed\xa0\x80\"}"));
  JwtPayload payload;
  EXPECT_FALSE(payload.Set("a", "x\0"s));
  EXPECT_FALSE(payload.Set("a", "\xc0\xaf"));
  EXPECT_FALSE(payload.Set("\xff", 1));
  EXPECT_EQ(payload.Encode(), Base64UrlEncode("{}"));
}

TEST(JwtPayloadTest, NumbersBeyondTheirRangeAreRefused) {
  EXPECT_TRUE(IsTaken(R"({"a":-9223372036854775808})"));
  EXPECT_FALSE(IsTaken(R"({"a":9223372036854775808})"));
  EXPECT_FALSE(IsTaken(R"({"a":18446744073709551616})"));
  EXPECT_FALSE(IsTaken(R"({"a":1e400})"));
}

TEST(JwtPayloadTest, DeepNestingIsRefused) {
  const auto nested = [](int levels) {
    return "{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_TRUE(IsTaken(nested(19)));
  EXPECT_FALSE(IsTaken(nested(20)));
  EXPECT_FALSE(IsTaken(nested(1'000'000)));
}

TEST(JwtPayloadTest, AClaimIsSetOnce) {
  JwtPayload payload;
  EXPECT_TRUE(payload.Set("b", "x"));
  EXPECT_TRUE(payload.Set("a", 1));
  EXPECT_FALSE(payload.Set("a", "y"));
  EXPECT_FALSE(payload.Set("b", 2));
  EXPECT_EQ(payload.Encode(), Base64UrlEncode(R"({"a":1,"b":"x"})"));
}

}  // namespace
}  // namespace vibestack::auth
