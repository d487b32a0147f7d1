#ifndef VIBESTACK_JOB_SERVICE_API_JOB_API_H_
#define VIBESTACK_JOB_SERVICE_API_JOB_API_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/rpc/account_source.h"
#include "common/rpc/call.h"
#include "common/rpc/service.h"
#include "job_service/domain/job.h"
#include "job_service/events/hub.h"
#include "job_service/store/job_store.h"
#include "vibestack/job/v1/job_service.pb.h"

namespace vibestack::job_service {

namespace pb = job::v1;

// The methods of JobService, as job_service.proto describes them. Thread-safe.
class JobApi {
 public:
  struct Options {
    // How long a waiting call relies on news before it looks for itself.
    absl::Duration poll_interval = absl::Seconds(5);
  };

  // `owners` tells whether a user exists and is active. All of them must outlive this.
  JobApi(Options options, JobStore& store, Hub& hub, rpc::AccountSource& owners, rpc::Guard& guard);

  // What a server serves. Lives as long as this.
  rpc::Service& service() { return service_; }

 private:
  template <typename T>
  using Answer = Task<absl::StatusOr<T>>;
  using Call = rpc::Call;

  Answer<pb::Job> CreateJob(Call& call, const pb::CreateJobRequest& request);
  Answer<pb::BatchCreateJobsResponse> BatchCreateJobs(Call& call,
                                                      const pb::BatchCreateJobsRequest& request);
  Answer<pb::Job> GetJob(Call& call, const pb::GetJobRequest& request);
  Answer<pb::BatchGetJobsResponse> BatchGetJobs(Call& call, const pb::BatchGetJobsRequest& request);
  Answer<pb::ListJobsResponse> ListJobs(Call& call, const pb::ListJobsRequest& request);
  Answer<pb::Job> WaitJob(Call& call, const pb::WaitJobRequest& request);
  Answer<pb::Job> CancelJob(Call& call, const pb::CancelJobRequest& request);
  Answer<pb::ClaimJobsResponse> ClaimJobs(Call& call, const pb::ClaimJobsRequest& request);
  Answer<pb::HeartbeatJobsResponse> HeartbeatJobs(Call& call,
                                                  const pb::HeartbeatJobsRequest& request);
  Answer<pb::Job> CompleteJob(Call& call, const pb::CompleteJobRequest& request);
  Answer<pb::Job> FailJob(Call& call, const pb::FailJobRequest& request);

  // OK when a user exists and is active; the caller's own id is not looked up. NOT_FOUND
  // (USER_NOT_FOUND), FAILED_PRECONDITION (ACCOUNT_INACTIVE), or what `owners` answers.
  Task<absl::Status> CheckOwner(const auth::Caller& caller, const std::string& user_id,
                                absl::Time deadline);
  // The same for several, which may repeat, looked up at once.
  Task<absl::Status> CheckOwners(const auth::Caller& caller, std::vector<std::string> user_ids,
                                 absl::Time deadline);
  // A job that the caller may see. PERMISSION_DENIED (NOT_YOURS) or NOT_FOUND.
  Answer<JobPtr> ReadJob(Call& call, std::string id, bool with_result);
  // Claims until there is something, the wait is over, or the service stops.
  Answer<std::vector<Job>> ClaimOrWait(Call& call, ClaimRequest claim, absl::Time end);

  const Options options_;
  JobStore& store_;
  Hub& hub_;
  rpc::AccountSource& owners_;
  rpc::Service service_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JOB_API_H_
