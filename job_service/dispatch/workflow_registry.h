#ifndef VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_REGISTRY_H_
#define VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_REGISTRY_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "job_service/domain/workflow.h"

namespace vibestack::job_service {

// The workflows of a file that can be reloaded. Thread-safe.
class WorkflowRegistry {
 public:
  // With an empty path no workflow is configured. Errors: as Reload. `callbacks` and
  // `default_lease_duration`: see ParseWorkflows.
  static absl::StatusOr<std::unique_ptr<WorkflowRegistry>> Open(
      const std::string& path, bool callbacks, absl::Duration default_lease_duration);

  // The workflows of the last successful load; never null.
  WorkflowSetPtr Snapshot() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Reads the file again, and the secrets that it names. INVALID_ARGUMENT tells the operator what
  // is wrong; then Snapshot() does not change. A pushed workflow must be paused before the file may
  // say that it is not pushed any more.
  absl::Status Reload() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  WorkflowRegistry(std::string path, bool callbacks, absl::Duration default_lease_duration)
      : path_(std::move(path)),
        callbacks_(callbacks),
        default_lease_duration_(default_lease_duration) {}

  const std::string path_;
  const bool callbacks_;
  const absl::Duration default_lease_duration_;
  mutable absl::Mutex mutex_;
  WorkflowSetPtr workflows_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const WorkflowSet>(
      std::map<std::string, Workflow>(), default_lease_duration_);
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DISPATCH_WORKFLOW_REGISTRY_H_
