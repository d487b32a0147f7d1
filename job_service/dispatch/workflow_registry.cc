#include "job_service/dispatch/workflow_registry.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "job_service/dispatch/workflow_file.h"

namespace vibestack::job_service {

absl::StatusOr<std::unique_ptr<WorkflowRegistry>> WorkflowRegistry::Open(
    const std::string& path, bool callbacks, absl::Duration default_lease_duration) {
  std::unique_ptr<WorkflowRegistry> registry(
      new WorkflowRegistry(path, callbacks, default_lease_duration));
  const absl::Status loaded = registry->Reload();
  if (!loaded.ok()) return loaded;
  return registry;
}

WorkflowSetPtr WorkflowRegistry::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  return workflows_;
}

absl::Status WorkflowRegistry::Reload() {
  if (path_.empty()) return absl::OkStatus();
  std::ifstream file(path_, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return absl::InvalidArgumentError("--workflows_file cannot be read");
  absl::StatusOr<WorkflowSet> workflows = ParseWorkflows(text, callbacks_, default_lease_duration_);
  if (!workflows.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--workflows_file: ", workflows.status().message()));
  }
  auto snapshot = std::make_shared<const WorkflowSet>(*std::move(workflows));
  absl::MutexLock lock(&mutex_);
  workflows_ = std::move(snapshot);
  return absl::OkStatus();
}

}  // namespace vibestack::job_service
