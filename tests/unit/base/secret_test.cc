#include "common/base/secret.h"

#include <gtest/gtest.h>

#include <concepts>
#include <ostream>

namespace vibestack {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST(SecretTest, CannotBePrintedOrTakenForText) {
  EXPECT_FALSE(Printable<Secret>);
  EXPECT_FALSE((std::convertible_to<Secret, std::string>));
}

TEST(SecretTest, EqualsOnlyTheSameBytes) {
  const Secret secret("abc");
  EXPECT_TRUE(secret == Secret("abc"));
  EXPECT_FALSE(secret == Secret("abd"));
  EXPECT_FALSE(secret == Secret("abcd"));
  EXPECT_FALSE(secret == Secret(""));
}

}  // namespace
}  // namespace vibestack
