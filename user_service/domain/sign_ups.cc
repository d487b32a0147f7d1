#include "user_service/domain/sign_ups.h"

#include <utility>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/telemetry/log.h"
#include "user_service/domain/input_rules.h"

namespace vibestack::user_service {
namespace {

// The timeout of the look-up after the response.
constexpr absl::Duration kLookUpTimeout = absl::Seconds(5);

}  // namespace

absl::Status SignUpClosedError() {
  return PermissionDeniedError("SIGN_UP_CLOSED", "sign-up is closed on this installation");
}

SignUps::SignUps(SignUpMode mode, UserStore& users, Accounts& accounts,
                 const auth::KeySetProvider& keys, const Clock& clock, MailQueue* mail_queue)
    : mode_(mode),
      users_(users),
      accounts_(accounts),
      verifier_(keys, clock),
      issuer_(keys, clock),
      mail_queue_(mail_queue) {}

Task<void> SignUps::Send(MailQueue::Slot slot, std::string email) {
  email = NormalizeEmail(email);
  const absl::StatusOr<UserPtr> user =
      co_await users_.FindByEmail(email, absl::Now() + kLookUpTimeout);
  absl::StatusOr<Notice> notice = MakeNotice(email, user);
  if (notice.ok()) {
    mail_queue_->Put(std::move(slot), *std::move(notice));
  } else {
    Log(LogLevel::kWarning, "sign_up_not_sent", {{"reason", ErrorReason(notice.status())}});
  }
}

absl::StatusOr<Notice> SignUps::MakeNotice(const std::string& email,
                                           const absl::StatusOr<UserPtr>& found) const {
  if (!found.ok()) return found.status();
  if (*found != nullptr) {
    return Notice{.event = Notice::Event::kSignUpExisting,
                  .email = (*found)->email,
                  .user_id = (*found)->id,
                  .token = Secret()};
  }
  auto issued =
      issuer_.Issue(auth::Purpose::kSignUp, NewUuid(), auth::kSignUpTokenLifetime, "", email);
  if (!issued.ok()) return issued.status();
  return Notice{.event = Notice::Event::kSignUp,
                .email = email,
                .user_id = issued->claims.subject,
                .token = std::move(issued->token),
                .expires_at = issued->claims.expires_at};
}

Task<absl::StatusOr<UserPtr>> SignUps::Confirm(std::string token, NewAccount account,
                                               absl::Time deadline) {
  if (mode_ == SignUpMode::kClosed) co_return SignUpClosedError();
  const absl::StatusOr<auth::Claims> claims = verifier_.Verify(token, auth::Purpose::kSignUp);
  if (!claims.ok()) co_return claims.status();
  account.id = claims->subject;
  account.email = claims->email;
  const absl::StatusOr<UserPtr> made = co_await accounts_.Create(std::move(account), deadline);
  if (ErrorReason(made.status()) == "ID_TAKEN") {
    co_return AlreadyExistsError(
        "TOKEN_USED", "the token was already used for an account with different content");
  }
  co_return made;
}

}  // namespace vibestack::user_service
