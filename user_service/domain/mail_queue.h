#ifndef VIBESTACK_USER_SERVICE_DOMAIN_MAIL_QUEUE_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_MAIL_QUEUE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"

namespace vibestack::user_service {

// A notice for the owner of a mailbox. Its token makes it a credential.
struct Notice {
  enum class Event {
    kPasswordReset,
    kSignUp,
    kSignUpExisting,  // a sign-up with the email of an existing account; no token
  };

  Event event = Event::kPasswordReset;
  // As it is stored, not as the caller typed it, so that a similar address gets no mail.
  std::string email;
  std::string user_id;  // for kSignUp: the id that the account will have
  Secret token;
  absl::Time expires_at = absl::InfiniteFuture();  // of the token
};

// A queue of notices for the sender of mails. Thread-safe.
class MailQueue {
 public:
  virtual ~MailQueue() = default;

  // A slot for one notice. A call reserves it before it knows whether there is a notice, so that a
  // full queue refuses all callers alike. While a slot exists, the queue's owner does not stop what
  // the queue's users need. Movable; its destructor releases the slot.
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

  // RESOURCE_EXHAUSTED (WEBHOOK_BUSY) if the queue is full, UNAVAILABLE (SHUTTING_DOWN) if it
  // stops.
  virtual absl::StatusOr<Slot> Reserve() = 0;

  // Adds a notice.
  virtual void Put(Slot slot, Notice notice) = 0;

 protected:
  virtual void Release() = 0;
};

// A slot in `mail_queue`. FAILED_PRECONDITION (WEBHOOK_NOT_CONFIGURED) if it is null. Other errors:
// as Reserve.
absl::StatusOr<MailQueue::Slot> ReserveSlot(MailQueue* mail_queue);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_MAIL_QUEUE_H_
