#ifndef VIBESTACK_USER_SERVICE_DOMAIN_SIGN_UPS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_SIGN_UPS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/key_set.h"
#include "common/auth/token_issuer.h"
#include "common/auth/token_verifier.h"
#include "common/base/clock.h"
#include "user_service/domain/accounts.h"
#include "user_service/domain/mail_queue.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

enum class SignUpMode {
  kOpen,       // SignUp creates the account; it reveals that an email is taken
  kConfirmed,  // the owner of the mailbox creates the account; SignUp reveals nothing
  kClosed,     // nobody can sign up
};

// PERMISSION_DENIED (SIGN_UP_CLOSED).
absl::Status SignUpClosedError();

// Confirmed sign-up, in two steps, with a mailed token. Nothing is stored before the confirmation:
// the token holds the email and the id of the account to create. Thread-safe.
class SignUps {
 public:
  // All must outlive this. `mail_queue` is null if no webhook is configured.
  SignUps(SignUpMode mode, UserStore& users, Accounts& accounts, const auth::KeySetProvider& keys,
          const Clock& clock, MailQueue* mail_queue);

  SignUpMode mode() const { return mode_; }

  // Step 1 of a confirmed sign-up, before the response: reserves a slot, whether or not the account
  // exists. Errors: those of ReserveSlot.
  absl::StatusOr<MailQueue::Slot> ReserveMail() { return ReserveSlot(mail_queue_); }

  // Step 2, after the response: mails a token, or a notice without a token if the email has an
  // account. Logs errors. This may be destroyed only when `slot` is released.
  Task<void> Send(MailQueue::Slot slot, std::string email);

  // Creates the account of a sign-up token. The token's id and email replace those of `account`.
  // Idempotent: repeated with the same content, the call returns the same account. Errors:
  // UNAUTHENTICATED (TOKEN_INVALID, TOKEN_EXPIRED); ALREADY_EXISTS (TOKEN_USED, EMAIL_TAKEN);
  // SignUpClosedError; those of Accounts::Create.
  Task<absl::StatusOr<UserPtr>> Confirm(std::string token, NewAccount account, absl::Time deadline);

 private:
  // Returns the notice for this email and its account (null: there is none), or the error of the
  // look-up.
  absl::StatusOr<Notice> MakeNotice(const std::string& email,
                                    const absl::StatusOr<UserPtr>& found) const;

  const SignUpMode mode_;
  UserStore& users_;
  Accounts& accounts_;
  const auth::TokenVerifier verifier_;
  const auth::TokenIssuer issuer_;
  MailQueue* const mail_queue_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_SIGN_UPS_H_
