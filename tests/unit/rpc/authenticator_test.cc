#include "common/rpc/authenticator.h"

#include <gtest/gtest.h>

#include <optional>

#include "common/base/error.h"

namespace vibestack::rpc {
namespace {

constexpr char kUser[] = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
const absl::Time kIssuedAt = absl::FromUnixSeconds(100);

// An account that the test sets.
class OneAccount final : public AccountSource {
 public:
  Task<absl::StatusOr<auth::AccountState>> FindSince(std::string, absl::Time since,
                                                     absl::Time) override {
    ++asked;
    if (remembered.has_value() && remembered_at >= since) co_return *remembered;
    co_return state;
  }
  absl::StatusOr<auth::AccountState> state = auth::AccountState{true, true, false, "print"};
  std::optional<auth::AccountState> remembered;
  absl::Time remembered_at;
  int asked = 0;
};

class AuthenticatorTest : public testing::Test {
 protected:
  absl::StatusOr<auth::Caller> Ask(const std::string& authorization) {
    absl::StatusOr<auth::Caller> caller = absl::UnknownError("waiting");
    Start(Run(authorization, caller));
    return caller;
  }
  std::string Reason(const std::string& authorization) {
    return ErrorReason(Ask(authorization).status());
  }

  Task<void> Run(std::string authorization, absl::StatusOr<auth::Caller>& caller) {
    caller = co_await authenticator_.Authenticate(authorization, absl::InfiniteFuture());
  }

  absl::StatusOr<auth::Claims> Verify(const std::string& token) {
    auth::Claims claims;
    claims.fingerprint = "print";
    claims.subject = kUser;
    claims.issued_at = kIssuedAt;
    claims.expires_at = absl::FromUnixSeconds(900);
    if (token == "user") return claims;
    claims.purpose = auth::Purpose::kService;
    claims.subject = "worker";
    if (token == "service") return claims;
    claims.purpose = auth::Purpose::kCallback;
    claims.subject = kUser;
    claims.attempt = 3;
    if (token == "callback") return claims;
    return UnauthenticatedError("TOKEN_INVALID", "no");
  }

  OneAccount account_;
  Authenticator authenticator_{[this](const std::string& token) { return Verify(token); },
                               account_};
};

TEST_F(AuthenticatorTest, DistinguishesUsersSuperusersAndServices) {
  EXPECT_EQ(Ask("Bearer user")->role, auth::Role::kUser);
  EXPECT_EQ(Ask("bearer user")->user_id, kUser);
  account_.state->is_superuser = true;
  EXPECT_EQ(Ask("Bearer user")->role, auth::Role::kSuperuser);
  const int asked = account_.asked;
  EXPECT_EQ(Ask("BEARER service")->service_name, "worker");
  EXPECT_EQ(account_.asked, asked);
}

TEST_F(AuthenticatorTest, WhatWasRememberedBeforeATokenWasIssuedDoesNotRefuseIt) {
  account_.remembered = auth::AccountState{true, true, false, "the print before"};
  account_.remembered_at = kIssuedAt + absl::Milliseconds(500);
  EXPECT_TRUE(Ask("Bearer user").ok());
  account_.remembered_at = kIssuedAt + absl::Seconds(1);
  EXPECT_EQ(Reason("Bearer user"), "TOKEN_INVALID");
}

TEST_F(AuthenticatorTest, ACallbackIsNobodyButTheRunOfItsJob) {
  const auto caller = Ask("Bearer callback");
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->role, auth::Role::kCallback);
  EXPECT_EQ(caller->job_id, kUser);
  EXPECT_EQ(caller->attempt, 3);
  EXPECT_FALSE(caller->IsUser() || caller->IsService() || caller->IsSuperuser());
  EXPECT_FALSE(caller->Is(kUser));
  EXPECT_EQ(account_.asked, 0);
}

TEST_F(AuthenticatorTest, ReportsWhenTheTokenExpires) {
  EXPECT_EQ(Ask("Bearer user")->token_expires_at, absl::FromUnixSeconds(900));
  EXPECT_EQ(Ask("Bearer service")->token_expires_at, absl::FromUnixSeconds(900));
}

TEST_F(AuthenticatorTest, RefusesWhatIsNoBearerToken) {
  EXPECT_EQ(Reason(""), "TOKEN_MISSING");
  for (const char* wrong :
       {"Bearer", "Bearer ", "Basic user", "user", "Bearer  user", "Bearer x"}) {
    EXPECT_EQ(Reason(wrong), "TOKEN_INVALID") << wrong;
  }
}

TEST_F(AuthenticatorTest, ATokenEndsWithItsAccountItsPasswordOrABan) {
  account_.state->fingerprint = "another";
  EXPECT_EQ(Reason("Bearer user"), "TOKEN_INVALID");
  account_.state = auth::AccountState{true, false, true, "print"};
  EXPECT_EQ(Reason("Bearer user"), "ACCOUNT_INACTIVE");
  account_.state = auth::AccountState{};
  EXPECT_EQ(Reason("Bearer user"), "TOKEN_INVALID");
}

TEST_F(AuthenticatorTest, NobodyIsAuthenticatedWhileTheAccountCannotBeLookedUp) {
  account_.state = UnavailableError("AWAY", "away");
  EXPECT_EQ(Reason("Bearer user"), "AWAY");
}

}  // namespace
}  // namespace vibestack::rpc
