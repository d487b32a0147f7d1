#ifndef VIBESTACK_USER_SERVICE_DOMAIN_MAIL_QUEUE_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_MAIL_QUEUE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"

namespace vibestack::user_service {

// What the owner of a mailbox is to be told. A credential by its token.
struct Notice {
  enum class Event {
    kPasswordReset,
    kSignUp,
    kSignUpExisting,  // somebody signs up with the email of an account: no token
  };

  Event event = Event::kPasswordReset;
  // As it is stored, not as it was typed: what merely looks like it, or is taken for it, gets no
  // mail.
  std::string email;
  std::string user_id;  // for kSignUp that of the account to be
  Secret token;
  absl::Time expires_at = absl::InfiniteFuture();  // of the token
};

// Hands notices on to whoever sends mail. Thread-safe.
class MailQueue {
 public:
  virtual ~MailQueue() = default;

  // Room for one notice. It is taken before anybody knows whether there is something to tell, so
  // that a full outbox refuses all callers alike; and who holds one may use what the outbox's owner
  // stops after it. Movable; gives the room back when it goes.
  class Place {
   public:
    explicit Place(MailQueue& mail_queue) : mail_queue_(&mail_queue) {}
    Place(Place&& other) noexcept : mail_queue_(std::exchange(other.mail_queue_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (mail_queue_ != nullptr) mail_queue_->Release();
    }

   private:
    MailQueue* mail_queue_;
  };

  // RESOURCE_EXHAUSTED (WEBHOOK_BUSY) when it is full, UNAVAILABLE (SHUTTING_DOWN) when it stops.
  virtual absl::StatusOr<Place> Reserve() = 0;

  // Takes a notice on.
  virtual void Put(Place place, Notice notice) = 0;

 protected:
  virtual void Release() = 0;
};

// Room in `outbox`; null: there is none. FAILED_PRECONDITION (WEBHOOK_NOT_CONFIGURED); else as
// Reserve.
absl::StatusOr<MailQueue::Place> ReserveIn(MailQueue* mail_queue);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_MAIL_QUEUE_H_
