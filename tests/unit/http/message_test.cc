#include "common/http/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"

namespace vibestack::http {
namespace {

using std::string_literals::operator""s;
using testing::HasSubstr;
using testing::Not;

Response WithRetryAfter(const std::string& value) { return {503, {{"retry-after", value}}, ""}; }

TEST(IsHttpUrlTest, AbsoluteHttpAndHttpsUrlsAreTaken) {
  for (const char* url : {"http://a", "https://n8n.example.org/webhook/mail?x=1#f",
                          "http://127.0.0.1:5678/", "http://[::1]:80/x", "HTTPS://A/b"}) {
    EXPECT_TRUE(IsHttpUrl(url)) << url;
  }
}

TEST(IsHttpUrlTest, EverythingElseIsRefused) {
  for (const std::string& url :
       {std::string(), std::string("example.org"), std::string("/webhook"), std::string("http://"),
        std::string("ftp://a/b"), std::string("file:///etc/passwd"), std::string("gopher://a"),
        std::string("http://user@a/"), std::string("https://user:secret@a/"),
        std::string("http://a b/"), std::string("http://a/\r\nhost: b"),
        std::string("http://a\0b", 10), std::string("http://a:99999/"),
        std::string("javascript:alert(1)")}) {
    EXPECT_FALSE(IsHttpUrl(url)) << url;
  }
}

TEST(CheckRequestTest, HeadersThatWouldBecomeOthersAreRefused) {
  for (const Header& header :
       {Header{"a", "b\r\nc: d"}, Header{"a\r\nb", "c"}, Header{"a:b", "c"}, Header{"", "c"},
        Header{"a b", "c"}, Header{"a", ""}, Header{"a", std::string("b\0c", 3)}}) {
    const absl::Status status = CheckRequest({"http://a/", {header}, ""});
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << header.name;
    EXPECT_EQ(ErrorReason(status), "HTTP_REQUEST_INVALID");
  }
  EXPECT_TRUE(CheckRequest({"http://a/", {{"x-y", "z: \t1"}}, "any \0 body"s}).ok());
}

TEST(CheckRequestTest, UrlIsNotQuoted) {
  const absl::Status status = CheckRequest({"ftp://a/secret-path", {}, ""});
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret-path")));
}

TEST(RetryAfterTest, SecondsAndDatesAreUnderstood) {
  const absl::Time now = absl::FromUnixSeconds(1'750'000'000);  // 15:06:40
  EXPECT_EQ(RetryAfter(WithRetryAfter("120"), now), absl::Seconds(120));
  EXPECT_EQ(RetryAfter(WithRetryAfter("0"), now), absl::ZeroDuration());
  EXPECT_EQ(RetryAfter(WithRetryAfter("Sun, 15 Jun 2025 15:07:10 GMT"), now), absl::Seconds(30));
  EXPECT_EQ(RetryAfter(WithRetryAfter("Sun, 15 Jun 2025 15:00:00 GMT"), now), absl::ZeroDuration());
  EXPECT_EQ(RetryAfter(WithRetryAfter("99999999999999999999"), now), absl::InfiniteDuration());
}

TEST(RetryAfterTest, NonsenseAsksForNothing) {
  for (const char* value : {"", "soon", "-5", "1.5e"}) {
    EXPECT_EQ(RetryAfter(WithRetryAfter(value), absl::UnixEpoch()), std::nullopt) << value;
  }
  EXPECT_EQ(RetryAfter(Response(), absl::UnixEpoch()), std::nullopt);
}

}  // namespace
}  // namespace vibestack::http
