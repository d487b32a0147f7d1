#include "job_service/dispatch/workflow_registry.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "job_service/dispatch/workflow_file.h"

namespace vibestack::job_service {
namespace {

// INVALID_ARGUMENT if a workflow that is pushed now would not be pushed any more, unless it is
// paused. Otherwise workers could claim jobs that are being posted, and the leases of its runs
// would expire.
absl::Status CheckRemovals(const WorkflowSet& present, const WorkflowSet& next) {
  for (const auto& [id, workflow] : present.all()) {
    if (!workflow.push.has_value() || workflow.is_paused || next.FindPush(id) != nullptr) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--workflows_file: the workflow \"", id,
                     "\" is pushed; set \"pause\": true and wait until none of its jobs is "
                     "processing before you take it away"));
  }
  return absl::OkStatus();
}

}  // namespace

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
  const absl::Status allowed = CheckRemovals(*workflows_, *snapshot);
  if (!allowed.ok()) return allowed;
  workflows_ = std::move(snapshot);
  return absl::OkStatus();
}

}  // namespace vibestack::job_service
