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

// Whether a reset token with these claims still stands for the account (null: for none):
// UNAUTHENTICATED (TOKEN_INVALID) after a change of password or email, (ACCOUNT_INACTIVE).
absl::Status CheckResetToken(const auth::Claims& claims, const UserPtr& user,
                             const Secret& fingerprint_key);

// New passwords for those who forgot theirs, by a token that goes to the account's mailbox. Nothing
// is stored for it: the token dies with the password that it replaces. Thread-safe.
class PasswordResets {
 public:
  // All must outlive this; a null outbox: no mail is sent here.
  PasswordResets(UserStore& users, Passwords& passwords, const auth::KeySetProvider& keys,
                 const Clock& clock, Secret fingerprint_key, MailQueue* mail_queue);

  // The first half of a request, which knows nothing of accounts. As ReserveIn.
  absl::StatusOr<MailQueue::Place> Begin() { return ReserveIn(mail_queue_); }

  // The second half, after the caller has been answered: a token to the account of that email if it
  // has an active one. What goes wrong is logged. The place keeps this alive.
  Task<void> Send(MailQueue::Place place, std::string email);

  // The account with its new password, which keeps to input_rules.h. UNAUTHENTICATED
  // (TOKEN_INVALID, TOKEN_EXPIRED, ACCOUNT_INACTIVE). Else as UserStore, PasswordPool and
  // ReplacePassword.
  Task<absl::StatusOr<UserPtr>> Reset(std::string token, Secret new_password, absl::Time deadline);

 private:
  // For the account that was found; or why none was.
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
