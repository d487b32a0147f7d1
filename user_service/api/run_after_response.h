#ifndef VIBESTACK_USER_SERVICE_API_RUN_AFTER_RESPONSE_H_
#define VIBESTACK_USER_SERVICE_API_RUN_AFTER_RESPONSE_H_

#include "common/async/task.h"

namespace vibestack::user_service {

// Runs a task in the background after a random delay of 35 to 70 ms, when the client has the
// response. The delay hides what the task does, for example whether it found an account, from the
// response times of this call and of later ones. Nothing waits for the task: what it uses must
// outlive it by other means, such as a MailQueue::Slot.
void RunAfterResponse(Task<void> task);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_RUN_AFTER_RESPONSE_H_
