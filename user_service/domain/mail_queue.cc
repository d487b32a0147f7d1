#include "user_service/domain/mail_queue.h"

#include "common/base/error.h"

namespace vibestack::user_service {

absl::StatusOr<MailQueue::Slot> ReserveSlot(MailQueue* mail_queue) {
  if (mail_queue != nullptr) return mail_queue->Reserve();
  return FailedPreconditionError("WEBHOOK_NOT_CONFIGURED",
                                 "this installation sends no mail: no webhook is configured");
}

}  // namespace vibestack::user_service
