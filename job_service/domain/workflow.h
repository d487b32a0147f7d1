#ifndef VIBESTACK_JOB_SERVICE_DOMAIN_WORKFLOW_H_
#define VIBESTACK_JOB_SERVICE_DOMAIN_WORKFLOW_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/secret.h"

namespace vibestack::job_service {

// How job_service pushes the jobs of a workflow, as the workflows file says.
struct Push {
  // How a run's result comes back.
  enum class Completion {
    kCallback,  // The run calls back with the job's callback token.
    kResponse,  // The body of the response to the POST is the result.
  };
  struct Header {
    std::string name;
    Secret value;
  };

  std::string url;
  std::string cancel_url;  // Empty: nobody is notified of a cancellation.
  std::vector<Header> headers;
  Secret signing_secret;  // Empty: requests are not signed.
  Completion completion = Completion::kCallback;
  // The timeout of one request.
  absl::Duration timeout;
  // The time from the first request of an attempt until the workflow must have accepted the job.
  absl::Duration dispatch_timeout;
  // The time from the acceptance, or the last reported progress, until the run must end the job or
  // report progress.
  absl::Duration processing_timeout;
  // The maximum number of concurrent requests of this replica.
  int max_concurrent = 1;

  // How long a pending job belongs to the replica that claimed it, from its `updated_at` on: long
  // enough to send a request and to store the outcome. Afterwards any replica may dispatch the job.
  absl::Duration VisibilityTimeout() const { return timeout + absl::Seconds(5); }
};

// How many attempts a job may have if neither the job nor its workflow has a number.
inline constexpr int kDefaultMaxAttempts = 25;

// What the workflows file says of one workflow.
struct Workflow {
  std::string id;
  // How long a lease lasts without a heartbeat; for pulled workflows only. Nothing: the default of
  // the set.
  std::optional<absl::Duration> lease_duration;
  // How many attempts a job may have. Nothing: kDefaultMaxAttempts.
  std::optional<int> max_attempts;
  // How many of its jobs may be processing at once, over all replicas. 0: any number.
  int max_processing = 0;
  // Whether its jobs wait: no worker claims them, and job_service does not push them.
  bool is_paused = false;
  // std::nullopt: workers pull the jobs.
  std::optional<Push> push;
};

// All configured workflows. Every other workflow is pulled. Immutable.
class WorkflowSet {
 public:
  explicit WorkflowSet(std::map<std::string, Workflow> workflows = {},
                       absl::Duration default_lease_duration = absl::Seconds(60))
      : workflows_(std::move(workflows)), default_lease_duration_(default_lease_duration) {}

  const std::map<std::string, Workflow>& all() const { return workflows_; }
  absl::Duration default_lease_duration() const { return default_lease_duration_; }

  // How the jobs of a workflow are pushed; null for a pulled workflow. The pointer is valid while
  // this lives.
  const Push* FindPush(const std::string& workflow_id) const {
    const auto it = workflows_.find(workflow_id);
    return it == workflows_.end() || !it->second.push.has_value() ? nullptr : &*it->second.push;
  }

  // How many attempts a job of the workflow may have.
  int MaxAttempts(const std::string& workflow_id) const {
    const auto it = workflows_.find(workflow_id);
    if (it == workflows_.end()) return kDefaultMaxAttempts;
    return it->second.max_attempts.value_or(kDefaultMaxAttempts);
  }

  // How many jobs of the workflow may be processing at once. 0: any number.
  int MaxProcessing(const std::string& workflow_id) const {
    const auto it = workflows_.find(workflow_id);
    return it == workflows_.end() ? 0 : it->second.max_processing;
  }

  // Whether the jobs of the workflow wait.
  bool IsPaused(const std::string& workflow_id) const {
    const auto it = workflows_.find(workflow_id);
    return it != workflows_.end() && it->second.is_paused;
  }

  // How long a lease on a job of the workflow lasts without a heartbeat.
  absl::Duration LeaseDuration(const std::string& workflow_id) const {
    const auto it = workflows_.find(workflow_id);
    if (it == workflows_.end()) return default_lease_duration_;
    return it->second.lease_duration.value_or(default_lease_duration_);
  }

 private:
  std::map<std::string, Workflow> workflows_;
  absl::Duration default_lease_duration_;
};

using WorkflowSetPtr = std::shared_ptr<const WorkflowSet>;

// Returns the present configuration, which a reload replaces; never null. Thread-safe.
using WorkflowSource = std::function<WorkflowSetPtr()>;

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_DOMAIN_WORKFLOW_H_
