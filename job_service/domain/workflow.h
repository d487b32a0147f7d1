#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_WORKFLOW_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_WORKFLOW_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/secret.h"

namespace vibestack::job_service {

// How the jobs of a pushed workflow are handed to it, as the workflows file says.
struct Push {
  // How a run's result comes back.
  enum class Completion {
    kCallback,  // The run calls us back with the job's callback token.
    kResponse,  // The answer to the POST is the result.
  };
  struct Header {
    std::string name;
    Secret value;
  };

  std::string url;
  std::string cancel_url;  // Empty for none.
  std::vector<Header> headers;
  Secret signing_secret;  // Empty: requests are not signed.
  Completion completion = Completion::kCallback;
  // For one request.
  absl::Duration timeout;
  // From the job's making until it must be accepted.
  absl::Duration dispatch_timeout;
  // From the acceptance, or the last progress, until the run must have ended.
  absl::Duration processing_timeout;
  // Requests under way at once from this replica.
  int max_concurrent = 1;

  // For how long a job belongs to the replica that last wrote to it while it is pending: longer
  // than a request takes and its outcome is stored. Then any replica may dispatch it (again).
  absl::Duration hold() const { return timeout + absl::Seconds(5); }
};

// What the workflows file says of one workflow.
struct Workflow {
  std::string id;
  // How long a worker keeps a job without a heartbeat; for pulled workflows only.
  std::optional<absl::Duration> lease_duration;
  // Workers pull the jobs of workflows without.
  std::optional<Push> push;
};

// All workflows that are configured; the others are pulled. Immutable.
class WorkflowSet {
 public:
  WorkflowSet() = default;
  explicit WorkflowSet(std::map<std::string, Workflow> workflows)
      : workflows_(std::move(workflows)) {}

  const std::map<std::string, Workflow>& all() const { return workflows_; }

  // How the workflow's jobs are pushed; null for a pulled one. Lives as long as this.
  const Push* FindPush(const std::string& workflow_id) const {
    const auto it = workflows_.find(workflow_id);
    return it == workflows_.end() || !it->second.push.has_value() ? nullptr : &*it->second.push;
  }

 private:
  std::map<std::string, Workflow> workflows_;
};

using WorkflowSetPtr = std::shared_ptr<const WorkflowSet>;

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_WORKFLOW_H_
