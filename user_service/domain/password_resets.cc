#include "user_service/domain/password_resets.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/auth/account.h"
#include "common/auth/fingerprint.h"
#include "common/base/error.h"
#include "common/telemetry/audit.h"
#include "common/telemetry/log.h"
#include "user_service/domain/password_changes.h"
#include "user_service/domain/sessions.h"

namespace vibestack::user_service {
namespace {

// The timeout of the look-up after the response.
constexpr absl::Duration kLookUpTimeout = absl::Seconds(5);

}  // namespace

absl::Status CheckResetToken(const auth::Claims& claims, const UserPtr& user,
                             const Secret& fingerprint_key) {
  auth::AccountState account = StateOf(user, fingerprint_key);
  if (user != nullptr) {
    account.fingerprint = auth::ResetFingerprint(fingerprint_key, user->id,
                                                 user->hashed_password.Reveal(), user->email)
                              .value_or("");
  }
  return auth::CheckAccount(claims, account);
}

PasswordResets::PasswordResets(UserStore& users, Passwords& passwords,
                               const auth::KeySetProvider& keys, const Clock& clock,
                               Secret fingerprint_key, MailQueue* mail_queue)
    : users_(users),
      passwords_(passwords),
      verifier_(keys, clock),
      issuer_(keys, clock),
      fingerprint_key_(std::move(fingerprint_key)),
      mail_queue_(mail_queue) {}

Task<void> PasswordResets::Send(MailQueue::Slot slot, std::string email) {
  const absl::StatusOr<UserPtr> user =
      co_await users_.FindByEmail(std::move(email), absl::Now() + kLookUpTimeout);
  if (user.ok() && (*user == nullptr || !(*user)->is_active)) co_return;
  absl::StatusOr<Notice> notice = MakeNotice(user);
  if (notice.ok()) {
    Audit("password_reset_sent", {{"user_id", notice->user_id}});
    mail_queue_->Put(std::move(slot), *std::move(notice));
  } else {
    Log(LogLevel::kWarning, "password_reset_not_sent", {{"reason", ErrorReason(notice.status())}});
  }
}

absl::StatusOr<Notice> PasswordResets::MakeNotice(const absl::StatusOr<UserPtr>& found) const {
  if (!found.ok()) return found.status();
  const User& user = **found;
  const auto fingerprint =
      auth::ResetFingerprint(fingerprint_key_, user.id, user.hashed_password.Reveal(), user.email);
  if (!fingerprint.ok()) return fingerprint.status();
  auto issued =
      issuer_.Issue(auth::Purpose::kReset, user.id, auth::kResetTokenLifetime, *fingerprint);
  if (!issued.ok()) return issued.status();
  return Notice{.event = Notice::Event::kPasswordReset,
                .email = user.email,
                .user_id = user.id,
                .token = std::move(issued->token),
                .expires_at = issued->claims.expires_at};
}

Task<absl::StatusOr<UserPtr>> PasswordResets::Reset(std::string token, Secret new_password,
                                                    absl::Time deadline) {
  const absl::StatusOr<auth::Claims> claims = verifier_.Verify(token, auth::Purpose::kReset);
  if (!claims.ok()) co_return claims.status();
  const absl::StatusOr<UserPtr> user = co_await users_.Get(claims->subject, deadline);
  if (!user.ok()) co_return user;
  MayReplace may_replace = [this, &claims](const UserPtr& present) {
    return CheckResetToken(*claims, present, fingerprint_key_);
  };
  const absl::Status valid = may_replace(*user);  // first, because hashing is expensive
  if (!valid.ok()) co_return valid;
  absl::StatusOr<Secret> hash = co_await passwords_.Hash(std::move(new_password), deadline);
  if (!hash.ok()) co_return hash.status();
  absl::StatusOr<UserPtr> changed =
      co_await ReplacePassword(users_, *user, *std::move(hash), std::move(may_replace), deadline);
  co_return changed;
}

}  // namespace vibestack::user_service
