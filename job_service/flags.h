#ifndef VIBESTACK_JOB_SERVICE_FLAGS_H_
#define VIBESTACK_JOB_SERVICE_FLAGS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/key_ring.h"
#include "common/base/secret.h"
#include "common/tls/config.h"
#include "job_service/dispatch/workflow_registry.h"

// The flags that only job_service has. common/runtime/options.h has the others.
namespace vibestack::job_service {

// How the service calls user_service.
struct UserServiceFlags {
  std::string address;
  std::optional<tls::Config> tls;  // std::nullopt: plaintext
  Secret token;                    // from --service_token_file
  absl::Duration owner_ttl;
  absl::Duration owner_stale;
};

// How the service sends jobs to pushed workflows.
struct PushFlags {
  std::unique_ptr<WorkflowRegistry> workflows;   // from --workflows_file; never null
  std::unique_ptr<auth::KeyRing> callback_keys;  // from --keys_dir; null without it
  std::string callback_base_url;                 // without a slash at its end
  std::string dispatch_ca_file;
};

// Fields without a comment have the name of their flag.
struct Flags {
  UserServiceFlags user_service;
  absl::Duration lease_duration;
  absl::Duration sweep_interval;
  absl::Duration retention;  // zero: jobs stay for ever
  absl::Duration poll_interval;
  int max_input;  // in bytes
  PushFlags push;
};

// Reads and checks these flags, and reads the files that they name. Call it after ParseFlags.
// INVALID_ARGUMENT names the flag that is wrong or missing.
absl::StatusOr<Flags> ReadFlags();

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_FLAGS_H_
