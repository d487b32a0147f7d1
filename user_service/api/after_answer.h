#ifndef VIBESTACK_USER_SERVICE_API_AFTER_ANSWER_H_
#define VIBESTACK_USER_SERVICE_API_AFTER_ANSWER_H_

#include "common/async/task.h"

namespace vibestack::user_service {

// Starts the work that a call has caused some 50 ms from now, when the call has long been answered.
// The moment is random, so that neither this call's time nor that of the next ones tells what there
// was to do. Who owns what the work uses waits for its end by other means.
void StartAfterAnswer(Task<void> work);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_AFTER_ANSWER_H_
