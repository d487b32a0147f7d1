#include "common/http/signature.h"

#include <gtest/gtest.h>

namespace vibestack::http {
namespace {

const Secret kSecret("an example of a shared secret");

std::string SignatureOf(const Secret& secret, int64_t seconds, const std::string& body) {
  return SignatureHeaders(secret, absl::FromUnixSeconds(seconds), body).at(1).value;
}

// The expected value is from the Python code in signature.h.
TEST(SignatureTest, IsTheHmacOfTimestampDotBody) {
  const auto headers =
      SignatureHeaders(kSecret, absl::FromUnixSeconds(1'767'225'600), R"({"event":"sign_up"})");
  ASSERT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers[0].name, "x-vibestack-timestamp");
  EXPECT_EQ(headers[0].value, "1767225600");
  EXPECT_EQ(headers[1].name, "x-vibestack-signature");
  EXPECT_EQ(headers[1].value,
            "v1=d4d656514e8bc1f6af213884b3639048be8dddaab7defbdfd45512a287f02c68");
}

TEST(SignatureTest, OtherSecretTimeOrBodyChangesIt) {
  const std::string signature = SignatureOf(kSecret, 1, "body");
  EXPECT_EQ(SignatureOf(kSecret, 1, "body"), signature);
  EXPECT_NE(SignatureOf(Secret("another"), 1, "body"), signature);
  EXPECT_NE(SignatureOf(kSecret, 2, "body"), signature);
  EXPECT_NE(SignatureOf(kSecret, 1, "bodY"), signature);
  EXPECT_NE(SignatureOf(kSecret, 1, std::string("body\0", 5)), signature);
}

}  // namespace
}  // namespace vibestack::http
