#ifndef VIBESTACK_JOB_SERVICE_WIRING_H_
#define VIBESTACK_JOB_SERVICE_WIRING_H_

#include "absl/status/status.h"
#include "common/runtime/runtime.h"
#include "job_service/flags.h"

namespace vibestack::job_service {

// Creates and starts the components of job_service, the gRPC server last. `runtime` owns and stops
// them. The service also starts while the database or user_service is down, and uses them as soon
// as they are up. UNAVAILABLE if the port is taken. `flags` must outlive `runtime`.
absl::Status Wire(runtime::Runtime& runtime, const Flags& flags);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_WIRING_H_
