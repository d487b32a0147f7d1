#include "tests/integration/job_service/fixture.h"

namespace vibestack::job_service {
namespace {

class ResultsTest : public JobServiceTest {
 protected:
  // What is stored of a result, or why it is not.
  std::string Store(const std::string& result) {
    const std::string id = MustCreate(ann_);
    const absl::Status status = Complete(LeaseOf(Claim(1)[0]), result).status();
    if (!status.ok()) return ErrorReason(status);
    return *Get(id)->result;
  }
};

TEST_F(ResultsTest, ResultsAreStoredToTheLastDigit) {
  for (const char* json : {"null", "{}", "\"\"", "9007199254740993", "1.000", "[1, 2]",
                           "\"\\\\ \\\" {ä} , NULL\"", R"({"": "😀"})"}) {
    EXPECT_EQ(Store(json), json);
  }
  EXPECT_EQ(Store("1e400"), "1" + std::string(400, '0'));
  EXPECT_EQ(Store(R"({"a":1,"a":2})"), R"({"a": 2})");
}

TEST_F(ResultsTest, LargeAndDeepResultsAreStored) {
  const std::string large = "\"" + std::string(4 << 20, 'x') + "\"";
  EXPECT_EQ(Store(large).size(), large.size());
  const std::string deep = std::string(1'000, '[') + std::string(1'000, ']');
  EXPECT_EQ(Store(deep), deep);
}

TEST_F(ResultsTest, WhatJsonbDoesNotTakeIsRefusedAndTheConnectionStaysUsable) {
  for (const char* json : {R"("\u0000")", R"({"\u0000":1})", R"("\udc00")", "1e131072", "{", ""}) {
    EXPECT_EQ(Store(json), "INVALID_VALUE") << json;
  }
  const std::string too_deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(Store(too_deep), "INVALID_VALUE");
  EXPECT_EQ(pool_.stats().connects, 6U);
}

}  // namespace
}  // namespace vibestack::job_service
