#ifndef VIBESTACK_USER_SERVICE_DOMAIN_PASSWORD_RESETS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_PASSWORD_RESETS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/key_set.h"
#include "common/auth/token_issuer.h"
#include "common/auth/token_verifier.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "user_service/domain/mail_queue.h"
#include "user_service/domain/passwords.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// Checks that a reset token with these claims is still valid for the account (null: there is none).
// Errors: UNAUTHENTICATED (TOKEN_INVALID if the account is gone or its password or email has
// changed; ACCOUNT_INACTIVE).
absl::Status CheckResetToken(const auth::Claims& claims, const UserPtr& user,
                             const Secret& fingerprint_key);

// Resets forgotten passwords, with a token that is mailed to the account's mailbox. Nothing is
// stored: the token has a fingerprint of password and email, so it becomes invalid when either
// changes. Thread-safe.
class PasswordResets {
 public:
  // All must outlive this. `mail_queue` is null if no webhook is configured.
  PasswordResets(UserStore& users, Passwords& passwords, const auth::KeySetProvider& keys,
                 const Clock& clock, Secret fingerprint_key, MailQueue* mail_queue);

  // Step 1 of RequestPasswordReset, before the response: reserves a slot, whether or not the
  // account exists. Errors: those of ReserveSlot.
  absl::StatusOr<MailQueue::Slot> ReserveMail() { return ReserveSlot(mail_queue_); }

  // Step 2, after the response: mails a token to the active account of this email, if there is one.
  // Logs errors. This may be destroyed only when `slot` is released.
  Task<void> Send(MailQueue::Slot slot, std::string email);

  // Sets a new password, which the caller has checked by input_rules.h, and returns the account.
  // Errors: UNAUTHENTICATED (TOKEN_INVALID, TOKEN_EXPIRED, ACCOUNT_INACTIVE); those of UserStore,
  // PasswordPool and ReplacePassword.
  Task<absl::StatusOr<UserPtr>> Reset(std::string token, Secret new_password, absl::Time deadline);

 private:
  // Returns the notice for the account that was found, or the error of the look-up.
  absl::StatusOr<Notice> MakeNotice(const absl::StatusOr<UserPtr>& found) const;

  UserStore& users_;
  Passwords& passwords_;
  const auth::TokenVerifier verifier_;
  const auth::TokenIssuer issuer_;
  const Secret fingerprint_key_;
  MailQueue* const mail_queue_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_PASSWORD_RESETS_H_
