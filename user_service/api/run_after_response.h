#ifndef VIBESTACK_USER_SERVICE_API_RUN_AFTER_RESPONSE_H_
#define VIBESTACK_USER_SERVICE_API_RUN_AFTER_RESPONSE_H_

#include "common/async/task.h"

namespace vibestack::user_service {

// Runs a task of a call asynchronously, some 50 ms later, when the call has its response. The delay
// is random, so that the response times of this call and the next ones do not tell what the task
// had to do. The owner of what the task uses must wait for the task's end by other means.
void RunAfterResponse(Task<void> task);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_API_RUN_AFTER_RESPONSE_H_
