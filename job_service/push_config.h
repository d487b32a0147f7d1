#ifndef VIBESTACK_JOB_SERVICE_PUSH_CONFIG_H_
#define VIBESTACK_JOB_SERVICE_PUSH_CONFIG_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/auth/key_ring.h"
#include "job_service/dispatch/workflow_registry.h"

namespace vibestack::job_service {

// What the flags about workflows say, checked and read.
struct PushConfig {
  std::unique_ptr<WorkflowRegistry> workflows;   // Never null.
  std::unique_ptr<auth::KeyRing> callback_keys;  // Null without --keys_dir.
  std::string callback_base_url;                 // Without a slash at its end.
  std::string dispatch_ca_file;
};

// Reads the flags after ParseFlags, and the files that they name. INVALID_ARGUMENT or UNAVAILABLE
// names the flag that is wrong.
absl::StatusOr<PushConfig> ReadPushConfig();

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_PUSH_CONFIG_H_
