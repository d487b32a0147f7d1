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
  kOpen,       // the account exists at once; a taken email is told
  kConfirmed,  // the account is made by who reads the mailbox; nothing is told
  kClosed,     // nobody signs up
};

// PERMISSION_DENIED (SIGN_UP_CLOSED).
absl::Status SignUpClosedError();

// Accounts that people make for themselves in two steps. A sign-up that waits for its confirmation
// is stored nowhere: its token says for which email, and under which id, it is. Thread-safe.
class SignUps {
 public:
  // All must outlive this; a null outbox: no mail is sent here.
  SignUps(SignUpMode mode, UserStore& users, Accounts& accounts, const auth::KeySetProvider& keys,
          const Clock& clock, MailQueue* mail_queue);

  SignUpMode mode() const { return mode_; }

  // Where sign-up is confirmed, the first half of one, which knows nothing of accounts. As
  // ReserveIn.
  absl::StatusOr<MailQueue::Place> Begin() { return ReserveIn(mail_queue_); }

  // The second half, after the caller has been answered: a token to the mailbox, or, where the
  // email has an account, that news. What goes wrong is logged. The place keeps this alive.
  Task<void> Send(MailQueue::Place place, std::string email);

  // The account of a sign-up token, with the rest of `account` (its id and email are the token's).
  // Again with the same: what it made. UNAUTHENTICATED (TOKEN_INVALID, TOKEN_EXPIRED);
  // ALREADY_EXISTS (TOKEN_USED, EMAIL_TAKEN); SignUpClosedError. Else as Accounts::Create.
  Task<absl::StatusOr<UserPtr>> Confirm(std::string token, NewAccount account, absl::Time deadline);

 private:
  // For the account that has the email (null: none); or why that is not known.
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
