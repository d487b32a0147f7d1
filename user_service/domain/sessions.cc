#include "user_service/domain/sessions.h"

#include <utility>

#include "common/auth/fingerprint.h"
#include "common/base/error.h"

namespace vibestack::user_service {
namespace {

absl::Status InvalidCredentialsError() {
  return UnauthenticatedError("INVALID_CREDENTIALS", "the email or the password is wrong");
}

// Why the log-in was refused. `user` is null if no account has the email.
Sessions::Refusal RefusalFor(const UserPtr& user) {
  if (user == nullptr) return Sessions::Refusal::kUnknownEmail;
  return user->is_active ? Sessions::Refusal::kWrongPassword : Sessions::Refusal::kInactive;
}

}  // namespace

std::string FingerprintOf(const User& user, const Secret& fingerprint_key) {
  return auth::Fingerprint(fingerprint_key, user.id, user.hashed_password.Reveal()).value_or("");
}

auth::AccountState StateOf(const UserPtr& user, const Secret& fingerprint_key) {
  if (user == nullptr) return {};
  return {.exists = true,
          .is_active = user->is_active,
          .is_superuser = user->is_superuser,
          .fingerprint = FingerprintOf(*user, fingerprint_key)};
}

auth::TokenSession SessionOf(const auth::Claims& claims, absl::Duration session_ttl) {
  const absl::Time auth_time = claims.auth_time.value_or(claims.issued_at);
  return {auth_time, auth_time + session_ttl};
}

Sessions::Sessions(UserStore& users, Passwords& passwords, const auth::KeySetProvider& keys,
                   const Clock& clock, Options options)
    : users_(users),
      passwords_(passwords),
      clock_(clock),
      verifier_(keys, clock),
      issuer_(keys, clock),
      options_(std::move(options)),
      upgrades_(users, passwords) {}

Task<Sessions::LogInOutcome> Sessions::LogIn(std::string email, Secret password,
                                             absl::Time deadline) {
  const absl::StatusOr<UserPtr> found = co_await users_.FindByEmail(std::move(email), deadline);
  if (!found.ok()) co_return LogInOutcome{.tokens = found.status()};
  const UserPtr& user = *found;
  // An inactive account is treated as an email without an account, so that both take the same time.
  const bool may_enter = user != nullptr && user->is_active;
  const UserPtr entrant = may_enter ? user : nullptr;
  const absl::StatusOr<bool> matches = co_await passwords_.Match(password, entrant, deadline);
  const std::string user_id = user == nullptr ? "" : user->id;
  if (!matches.ok()) co_return LogInOutcome{.tokens = matches.status(), .user_id = user_id};
  if (!*matches) {
    co_return LogInOutcome{
        .tokens = InvalidCredentialsError(), .user_id = user_id, .refusal = RefusalFor(user)};
  }
  LogInOutcome outcome{.tokens = IssueTokens(*user), .user_id = user_id};
  upgrades_.StartIfOutdated(password, user);
  co_return outcome;
}

Task<absl::StatusOr<Sessions::Tokens>> Sessions::Refresh(std::string refresh_token,
                                                         absl::Time deadline) {
  const absl::StatusOr<auth::Claims> claims =
      verifier_.Verify(refresh_token, auth::Purpose::kRefresh);
  if (!claims.ok()) co_return claims.status();
  const absl::StatusOr<UserPtr> user = co_await users_.Get(claims->subject, deadline);
  if (!user.ok()) co_return user.status();
  const absl::Status valid = auth::CheckAccount(*claims, StateOf(*user, options_.fingerprint_key));
  if (!valid.ok()) co_return valid;
  const auth::TokenSession session = SessionOf(*claims, options_.session_ttl);
  if (clock_.Now() >= session.end) {
    co_return auth::TokenError(refresh_token, auth::TokenFault::kSessionOver);
  }
  co_return IssueTokens(**user, session);
}

absl::StatusOr<Sessions::Tokens> Sessions::IssueTokens(const User& user) const {
  const absl::Time now = clock_.Now();
  return IssueTokens(user, {now, now + options_.session_ttl});
}

absl::StatusOr<Sessions::Tokens> Sessions::IssueTokens(const User& user,
                                                       const auth::TokenSession& session) const {
  const std::string fingerprint = FingerprintOf(user, options_.fingerprint_key);
  const auto issue = [&](auth::Purpose purpose, absl::Duration ttl) {
    return issuer_.Issue(purpose, user.id, ttl, fingerprint, "", 1, 0, session);
  };
  auto access = issue(auth::Purpose::kAccess, options_.access_token_ttl);
  if (!access.ok()) return access.status();
  auto refresh = issue(auth::Purpose::kRefresh, options_.refresh_token_ttl);
  if (!refresh.ok()) return refresh.status();
  return Tokens{std::move(access->token), std::move(refresh->token),
                access->claims.expires_at - access->claims.issued_at};
}

}  // namespace vibestack::user_service
