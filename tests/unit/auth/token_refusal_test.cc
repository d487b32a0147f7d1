#include "common/auth/token_refusal.h"

#include <gtest/gtest.h>

#include "tests/unit/auth/token_fixture.h"

namespace vibestack::auth {
namespace {

class TokenRefusalTest : public TokenTest {
 protected:
  TokenRefusal Refuse(const std::string& token, Purpose purpose = Purpose::kAccess) {
    return RefusalOf(verifier_.Verify(token, purpose).status()).value_or(TokenRefusal());
  }
};

TEST_F(TokenRefusalTest, ARightlySignedTokenIsNamedByItsId) {
  const auto issued = issuer_.Issue(Purpose::kRefresh, kUser, absl::Minutes(1), kFingerprint);
  const TokenRefusal refusal = Refuse(issued->token.Reveal());
  EXPECT_EQ(refusal.fault, "wrong_purpose");
  EXPECT_EQ(refusal.key_id, "k2");
  EXPECT_EQ(refusal.token_id, issued->claims.token_id);
  EXPECT_EQ(refusal.subject, kUser);
}

TEST_F(TokenRefusalTest, NothingUnprovedIsRepeatedButTheKeysName) {
  const TokenRefusal forged = Refuse(SignToken(keys_.at("other"), kHeader, kPayload));
  EXPECT_EQ(forged.fault, "bad_signature");
  EXPECT_EQ(forged.key_id, "k1");
  EXPECT_EQ(forged.token_id + forged.subject, "");
  const TokenRefusal other_form = Refuse(Base64UrlEncode(R"({"alg":"none"})") + ".e30.AAAA");
  EXPECT_EQ(other_form.fault, "bad_header");
  EXPECT_EQ(other_form.key_id, "");
  EXPECT_EQ(Refuse(std::string(64 << 10, 'a')).fault, "too_large");
  EXPECT_EQ(Refuse("").fault, "malformed");
}

TEST_F(TokenRefusalTest, ASubjectOfAnyTextComesBackWhole) {
  const TokenRefusal given{"bad_subject", "k1", "id", "a\nb\n"};
  const auto refusal = RefusalOf(WithRefusal(absl::UnauthenticatedError("no"), given));
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->subject, "a\nb\n");
  EXPECT_FALSE(RefusalOf(absl::UnauthenticatedError("no")).has_value());
}

}  // namespace
}  // namespace vibestack::auth
