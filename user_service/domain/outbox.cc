#include "user_service/domain/outbox.h"

#include "common/base/error.h"

namespace vibestack::user_service {

absl::StatusOr<Outbox::Place> ReserveIn(Outbox* outbox) {
  if (outbox != nullptr) return outbox->Reserve();
  return FailedPreconditionError("WEBHOOK_NOT_CONFIGURED", "this installation sends no mail");
}

}  // namespace vibestack::user_service
