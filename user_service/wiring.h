#ifndef VIBESTACK_USER_SERVICE_WIRING_H_
#define VIBESTACK_USER_SERVICE_WIRING_H_

#include "absl/status/status.h"
#include "common/runtime/runtime.h"
#include "user_service/flags.h"

namespace vibestack::user_service {

// Starts the components of user_service, up to its gRPC server. Returns what is wrong with the keys
// or the port, in words for the operator. `flags` must outlive the runtime.
absl::Status Wire(runtime::Runtime& runtime, const Flags& flags);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_WIRING_H_
