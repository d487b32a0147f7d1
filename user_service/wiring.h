#ifndef VIBESTACK_USER_SERVICE_WIRING_H_
#define VIBESTACK_USER_SERVICE_WIRING_H_

#include "absl/status/status.h"
#include "common/runtime/runtime.h"
#include "user_service/flags.h"

namespace vibestack::user_service {

// Creates and starts the components of user_service, the gRPC server last. `runtime` owns and stops
// them. Errors concern the keys or the port; their messages are for the operator. `flags` must
// outlive `runtime`.
absl::Status Wire(runtime::Runtime& runtime, const Flags& flags);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_WIRING_H_
