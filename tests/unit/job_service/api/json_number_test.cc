#include "job_service/api/json_number.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace vibestack::job_service {
namespace {

TEST(JsonNumberTest, WholeNumbersHaveNoFraction) {
  EXPECT_EQ(NumberText(0), "0");
  EXPECT_EQ(NumberText(-1), "-1");
  EXPECT_EQ(NumberText(9007199254740992.0), "9007199254740992");
}

TEST(JsonNumberTest, OtherNumbersReadBackTheSame) {
  for (const double number : {0.1, -2.5, 1e300, 5e-324, 1.7976931348623157e308, 1e21, 1.0 / 3}) {
    EXPECT_EQ(std::strtod(NumberText(number).c_str(), nullptr), number) << NumberText(number);
  }
}

TEST(JsonNumberTest, TheGrammarIsJsons) {
  for (const char* text : {"0", "-0", "10", "1.0", "-1.5e+7", "1E-400", "0e0"}) {
    EXPECT_TRUE(IsJsonNumber(text)) << text;
  }
  for (const char* text :
       {"", "-", "01", "+1", "1.", ".5", "1e", "1e+", "--1", "1-2", "1.2.3", "1e5e5"}) {
    EXPECT_FALSE(IsJsonNumber(text)) << text;
  }
}

TEST(JsonNumberTest, NumbersWithinPostgresBoundsAreTaken) {
  for (const std::string number :
       {"0", "-0", "1", "-12.5e3", "1e131071", "0.1e131072", "1e-16383", "0e131073", "0.0",
        "9007199254740993", "1E+5", "0e99999999999999999999999"}) {
    EXPECT_TRUE(NumericTakes(number)) << number;
  }
  EXPECT_TRUE(NumericTakes(std::string(131'072, '9')));
}

TEST(JsonNumberTest, NumbersBeyondThemAreNot) {
  for (const std::string number :
       {"1e131072", "-1e131072", "10e131071", "0.01e131074", "1e-16384", "0.1e-16383",
        "1e99999999999999999999999999", "1e-99999999999999999999999999"}) {
    EXPECT_FALSE(NumericTakes(number)) << number;
  }
  EXPECT_FALSE(NumericTakes(std::string(131'073, '9')));
}

TEST(JsonNumberTest, TheSizeIsThatOfANumberWithoutAnExponent) {
  const std::pair<const char*, size_t> sizes[] = {{"0", 1},
                                                  {"7", 1},
                                                  {"-7", 2},
                                                  {"1234567890", 10},
                                                  {"1.50", 4},
                                                  {"-0.25", 5},
                                                  {"1e2", 3},
                                                  {"-1e2", 4},
                                                  {"1e100", 101},
                                                  {"1.5e1", 2},
                                                  {"1.50e1", 4},
                                                  {"15e-1", 3},
                                                  {"1e-3", 5},
                                                  {"-1e-3", 6},
                                                  {"0.001e2", 3},
                                                  {"0.001e3", 1},
                                                  {"10e-1", 3},
                                                  {"0e5", 1},
                                                  {"0e-3", 5},
                                                  {"0.0e3", 1},
                                                  {"1E+2", 3},
                                                  {"1e131071", 131'072},
                                                  {"1e-16383", 16'385}};
  for (const auto& [number, size] : sizes) EXPECT_EQ(NumericTextSize(number), size) << number;
}

}  // namespace
}  // namespace vibestack::job_service
