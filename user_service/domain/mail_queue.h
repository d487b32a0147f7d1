#ifndef VIBESTACK_USER_SERVICE_DOMAIN_MAIL_QUEUE_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_MAIL_QUEUE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"

namespace vibestack::user_service {

// What the owner of a mailbox is to be told. A notice holds a token: treat it as a credential.
struct Notice {
  enum class Event {
    kPasswordReset,
    kSignUp,
    kSignUpExisting,  // a sign-up with the email of an existing account; no token
  };

  Event event = Event::kPasswordReset;
  // The email as it is stored, not as the caller typed it, so that a look-alike address gets no
  // mail.
  std::string email;
  std::string user_id;  // for kSignUp: the id that the account will have
  Secret token;
  absl::Time expires_at = absl::InfiniteFuture();  // when the token expires
};

// A bounded queue of notices to mail. Thread-safe.
class MailQueue {
 public:
  virtual ~MailQueue() = default;

  // A reserved place for one notice. A call reserves it before it looks up the account, so that a
  // full queue refuses all callers alike. While a slot exists, the program does not stop what the
  // holder of the slot uses, such as the store. Movable; the destructor releases the place.
  class Slot {
   public:
    explicit Slot(MailQueue& mail_queue) : mail_queue_(&mail_queue) {}
    Slot(Slot&& other) noexcept : mail_queue_(std::exchange(other.mail_queue_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (mail_queue_ != nullptr) mail_queue_->Release();
    }

   private:
    MailQueue* mail_queue_;
  };

  // Reserves a slot. Errors: RESOURCE_EXHAUSTED (WEBHOOK_BUSY) with RetryInfo if the queue is full,
  // UNAVAILABLE (SHUTTING_DOWN) if it stops.
  virtual absl::StatusOr<Slot> Reserve() = 0;

  // Adds a notice in the reserved slot. Does not block.
  virtual void Put(Slot slot, Notice notice) = 0;

 protected:
  virtual void Release() = 0;
};

// Reserves a slot in `mail_queue`. Errors: FAILED_PRECONDITION (WEBHOOK_NOT_CONFIGURED) if it is
// null, and those of Reserve().
absl::StatusOr<MailQueue::Slot> ReserveSlot(MailQueue* mail_queue);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_MAIL_QUEUE_H_
