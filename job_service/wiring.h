#ifndef VIBESTACK_JOB_SERVICE_WIRING_H_
#define VIBESTACK_JOB_SERVICE_WIRING_H_

#include "absl/status/status.h"
#include "common/runtime/runtime.h"
#include "job_service/flags.h"

namespace vibestack::job_service {

// Starts the components of job_service, up to its gRPC server. It starts without the database and
// without user_service, and uses them once they are there. UNAVAILABLE when the port is taken.
// `flags` must outlive the runtime.
absl::Status Wire(runtime::Runtime& runtime, const Flags& flags);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_WIRING_H_
