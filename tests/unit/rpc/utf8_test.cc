#include "common/rpc/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace vibestack::rpc {
namespace {

TEST(Utf8Test, CountsCharactersNotBytes) {
  EXPECT_EQ(CountUtf8Characters(""), 0U);
  EXPECT_EQ(CountUtf8Characters("abc"), 3U);
  EXPECT_EQ(CountUtf8Characters("grüße"), 5U);
  EXPECT_EQ(CountUtf8Characters("日本"), 2U);
  EXPECT_EQ(CountUtf8Characters("\xf0\x9f\x98\x80"), 1U);
  EXPECT_EQ(CountUtf8Characters(std::string("a\0b", 3)), 3U);
}

TEST(Utf8Test, RefusesWhatRfc3629Forbids) {
  for (const char* wrong :
       {"\x80",              // a continuation alone
        "\xc3",              // cut off
        "\xe2\x82",          // cut off
        "\xc0\xaf",          // overlong
        "\xe0\x80\xaf",      // overlong
        "\xf0\x80\x80\xaf",  // overlong
        "\xed\xa0\x80",      // a surrogate
        "\xf4\x90\x80\x80",  // past U+10FFFF
        "\xf8\x88\x80\x80\x80", "\xff", "a\xc3(", "\xe2(\xa1", "\xf0\x9f(\x80"}) {
    EXPECT_FALSE(CountUtf8Characters(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace vibestack::rpc
