// The sizes that job_service foretells are those that PostgreSQL prints.
#include <random>

#include "job_service/api/json_number.h"
#include "job_service/api/json_text.h"
#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

class JsonSizeTest : public JobServiceTest {
 protected:
  size_t PrintedSize(const std::string& json) {
    return std::stoul(One("SELECT octet_length((" + foreign_.quote(json) + "::jsonb)::text)"));
  }
  // A random number in JSON's grammar, with up to six digits in each part.
  std::string RandomNumber() {
    const auto digits = [this](bool as_whole) {
      std::string text = std::to_string(random_() % 1'000'000);
      if (!as_whole) text = std::string(random_() % 4, '0') + text;
      return random_() % 4 == 0 ? std::string("0") : text;
    };
    std::string number = (random_() % 2 == 0 ? "-" : "") + digits(true);
    if (random_() % 2 == 0) number += "." + digits(false);
    if (random_() % 2 == 0) {
      number += std::string(1, "eE"[random_() % 2]) + (random_() % 2 == 0 ? "-" : "") +
                std::to_string(random_() % 40);
    }
    return number;
  }

  std::mt19937 random_{7};
};

TEST_F(JsonSizeTest, NumbersHaveTheirPrintedSize) {
  for (const char* number : {"0", "1e131071", "1e-16383", "0e5", "0e-3", "0.0e3", "1.50e1", "15e-1",
                             "0.001e2", "123456789.000", "-1E+2"}) {
    EXPECT_EQ(NumericTextSize(number), PrintedSize(number)) << number;
  }
  for (int i = 0; i < 500; ++i) {
    const std::string number = RandomNumber();
    ASSERT_TRUE(IsJsonNumber(number)) << number;
    const size_t printed = PrintedSize(number);
    // PostgreSQL prints no sign before a zero.
    const bool is_zero = number.find_first_of("123456789") >= number.find_first_of("eE");
    const size_t sign = is_zero && number.starts_with('-') ? 1 : 0;
    EXPECT_EQ(NumericTextSize(number), printed + sign) << number;
  }
}

TEST_F(JsonSizeTest, ATextWithThePrintedSpacesHasItsPrintedSize) {
  for (const char* json :
       {R"({"a": 1e30, "b": [1e3, {"c": 1e-5}]})", R"(["1e9 \" 1e9", "\\", -1e2, true, null])",
        R"({"1e5": "ä😀"})", "[]", "{}", "\"\""}) {
    EXPECT_EQ(JsonbTextSize(json), PrintedSize(json)) << json;
  }
}

TEST_F(JsonSizeTest, AnyTextHasItsPrintedSize) {
  for (const char* json :
       {"[1,1 , 1]", "{\"a\":1e3,\n\t\"b\" : {}}",
        R"("\u00e9\u4e2d\ud83d\ude00\u0001\u000a\/\n\"\\")",
        R"(["a,b:c", "\u0022", "\u005c", "\u007f", "\u0041", "\u001f"])", " [ ] ", "1e131071"}) {
    EXPECT_EQ(JsonbPrintedSize(json), PrintedSize(json)) << json;
  }
}

TEST_F(JsonSizeTest, AResultIsBoundedByWhatPostgresqlPrints) {
  const auto list_of = [](const std::string& item, int count) {
    std::string json = "[" + item;
    for (int i = 1; i < count; ++i) json += "," + item;
    return json + "]";
  };
  EXPECT_EQ(ResultFault(list_of("1e131071", 31), kMaxOutput), "");
  EXPECT_NE(ResultFault(list_of("1e131071", 33), kMaxOutput), "");
  EXPECT_NE(ResultFault(list_of("1", 1'400'000), kMaxOutput), "");
  EXPECT_EQ(ResultFault(list_of("1", 1'300'000), kMaxOutput), "");
}

}  // namespace
}  // namespace vibestack::job_service
