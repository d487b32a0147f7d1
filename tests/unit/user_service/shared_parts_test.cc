// Parts of common/ that both services use: CachingVerifier::VerifyCaller and ParseChangeEvent.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/auth/caching_verifier.h"
#include "common/auth/es256.h"
#include "common/auth/token_issuer.h"
#include "common/base/error.h"
#include "common/db/change_event.h"

namespace vibestack {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kAnn[] = "0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d";
constexpr char kFingerprint[] = "AAAAAAAAAAAAAAAAAAAAAA";

auth::KeySetProvider OneKey() {
  const auto pem = auth::Es256Key::Generate()->ToPrivatePem();
  const auto keys = *auth::KeySet::FromPems({{"k1", *pem}});
  return [keys] { return keys; };
}

TEST(VerifyCallerTest, TakesAccessAndServiceTokensAndNoOthers) {
  const auto keys = OneKey();
  const auth::TokenIssuer issuer(keys, SystemClock::Instance());
  auth::CachingVerifier verifier(keys, SystemClock::Instance());
  for (const auth::Purpose purpose : auth::kAllPurposes) {
    const bool is_service = purpose == auth::Purpose::kService;
    const auto issued = issuer.Issue(purpose, is_service ? "jobs" : kAnn, absl::Minutes(1),
                                     auth::CarriesFingerprint(purpose) ? kFingerprint : "",
                                     purpose == auth::Purpose::kSignUp ? "a@b" : "");
    ASSERT_TRUE(issued.ok()) << auth::PurposeName(purpose);
    const bool taken = is_service || purpose == auth::Purpose::kAccess;
    for (int time = 0; time < 2; ++time) {  // verified, then cached
      const auto claims = verifier.VerifyCaller(issued->token.Reveal());
      EXPECT_EQ(claims.ok(), taken) << auth::PurposeName(purpose);
      if (taken) {
        EXPECT_EQ(claims->purpose, purpose);
      }
    }
  }
  EXPECT_EQ(verifier.cache().verified_count(), 2);
}

TEST(VerifyCallerTest, AServiceTokenThatWasRefusedAsAccessTokenIsStillTaken) {
  const auto keys = OneKey();
  const auth::TokenIssuer issuer(keys, SystemClock::Instance());
  auth::CachingVerifier verifier(keys, SystemClock::Instance());
  const auto issued = issuer.Issue(auth::Purpose::kService, "jobs", absl::Minutes(1));
  EXPECT_FALSE(verifier.Verify(issued->token.Reveal(), auth::Purpose::kAccess).ok());
  EXPECT_TRUE(verifier.VerifyCaller(issued->token.Reveal()).ok());
}

TEST(VerifyCallerTest, WhatIsNoTokenIsRefused) {
  auth::CachingVerifier verifier(OneKey(), SystemClock::Instance());
  for (const std::string& token :
       {std::string(), std::string(".."), std::string("a.b.c"), std::string(100'000, 'x')}) {
    EXPECT_EQ(ErrorReason(verifier.VerifyCaller(token).status()), "TOKEN_INVALID");
  }
}

TEST(ParseChangeEventTest, ReadsIdsInLowerCaseAndWorkflows) {
  const db::ChangeEvent changes = db::ParseChangeEvent(
      R"({"ids":["0B9F3D0E-4F0E-4B62-9C3B-2D1F5A6B7C8D"],"pending":["mail \u00e9"]})");
  EXPECT_FALSE(changes.resync);
  EXPECT_THAT(changes.ids, ElementsAre(kAnn));
  EXPECT_THAT(changes.pending, ElementsAre("mail \u00E9"));
}

TEST(ParseChangeEventTest, DeletedJobsCountAsChangedAndNameTheirUser) {
  const std::string id = "0B9F3D0E-4F0E-4B62-9C3B-2D1F5A6B7C8D";
  const db::ChangeEvent changes =
      db::ParseChangeEvent(R"({"deleted":{"":[")" + id + R"("],")" + id + R"(":[]}})");
  EXPECT_FALSE(changes.resync);
  EXPECT_THAT(changes.ids, ElementsAre(kAnn));
  EXPECT_THAT(changes.deleted.at(""), ElementsAre(kAnn));
  EXPECT_THAT(changes.deleted.at(kAnn), IsEmpty());
}

TEST(ParseChangeEventTest, AnythingElseMeansThatAllMayHaveChanged) {
  for (const char* payload :
       {R"({"resync":true})", "", "{", "[]", "null", "{}", R"({"ids":"x"})", R"({"ids":[1]})",
        R"({"ids":["x"]})", R"({"ids":[]})", R"({"deleted":{"x":[]}})", R"({"deleted":[]})",
        R"({"deleted":{"":["x"]}})", "\xFF"}) {
    const db::ChangeEvent changes = db::ParseChangeEvent(payload);
    EXPECT_TRUE(changes.resync) << payload;
    EXPECT_THAT(changes.ids, IsEmpty()) << payload;
  }
}

}  // namespace
}  // namespace vibestack
