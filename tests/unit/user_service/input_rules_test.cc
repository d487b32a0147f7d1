#include "user_service/domain/input_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace vibestack::user_service {
namespace {

TEST(EmailRulesTest, OneAtSignWithSomethingOnBothSidesIsEnough) {
  for (const char* email :
       {"a@b", "Ann.O'Neil+tag@example.com", "jörg@müller.example", "a@[::1]"}) {
    EXPECT_EQ(EmailProblem(email), std::nullopt) << email;
  }
}

TEST(EmailRulesTest, OtherShapesAreRefused) {
  for (const char* email : {"", "@", "a@", "@b", "ab", "abc", "a@b@c", "a@@b"}) {
    EXPECT_NE(EmailProblem(email), std::nullopt) << email;
  }
}

TEST(EmailRulesTest, SpacesControlsAndInvisibleCharactersAreRefusedNotTrimmed) {
  const std::string with[] = {" a@b",      "a@b ",
                              "a b@c",     "a@b\n",
                              "a\t@b",     "a\x7F@b",
                              "a\u0085@b", "a\u00A0@b",
                              "a\u200B@b", "a\u200F@b",
                              "a\u202E@b", "a\u3000@b",
                              "\uFEFFa@b", std::string("a\0@b", 4)};
  for (const std::string& email : with) EXPECT_NE(EmailProblem(email), std::nullopt) << email;
}

TEST(EmailRulesTest, LengthsAreCountedInCharacters) {
  EXPECT_EQ(EmailProblem(std::string(253, 'a') + "@b"), std::nullopt);
  EXPECT_NE(EmailProblem(std::string(254, 'a') + "@b"), std::nullopt);
  std::string wide;
  for (int i = 0; i < 253; ++i) wide += "\u00E9";
  EXPECT_EQ(EmailProblem(wide + "@b"), std::nullopt);
  EXPECT_NE(EmailProblem(wide + "\u00E9@b"), std::nullopt);
}

TEST(EmailRulesTest, InvalidUtf8IsRefused) {
  EXPECT_NE(EmailProblem("a\xFF@b"), std::nullopt);
  EXPECT_NE(EmailProblem("a\xC3@b"), std::nullopt);
}

TEST(EmailRulesTest, OnlyAsciiLettersAreLowered) {
  EXPECT_EQ(NormalizeEmail("ANN@Example.COM"), "ann@example.com");
  EXPECT_EQ(NormalizeEmail("\u00C9\u0130@X"), "\u00C9\u0130@x");
}

TEST(PasswordRulesTest, EightToSeventyTwoBytesWithoutNul) {
  EXPECT_EQ(PasswordProblem(Secret("12345678")), std::nullopt);
  EXPECT_EQ(PasswordProblem(Secret(std::string(72, 'x'))), std::nullopt);
  EXPECT_NE(PasswordProblem(Secret("")), std::nullopt);
  EXPECT_NE(PasswordProblem(Secret("1234567")), std::nullopt);
  EXPECT_NE(PasswordProblem(Secret(std::string(73, 'x'))), std::nullopt);
  EXPECT_NE(PasswordProblem(Secret(std::string("1234567\0"
                                               "9",
                                               9))),
            std::nullopt);
}

TEST(PasswordRulesTest, MultiByteCharactersCountTheirBytes) {
  std::string wide;
  for (int i = 0; i < 36; ++i) wide += "\u00E9";
  EXPECT_EQ(PasswordProblem(Secret(wide)), std::nullopt);
  EXPECT_NE(PasswordProblem(Secret(wide + "\u00E9")), std::nullopt);
}

}  // namespace
}  // namespace vibestack::user_service
