#ifndef VIBESTACK_JOB_SERVICE_API_JOB_API_H_
#define VIBESTACK_JOB_SERVICE_API_JOB_API_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/rpc/account_source.h"
#include "common/rpc/call.h"
#include "common/rpc/service.h"
#include "job_service/dispatch/dispatcher.h"
#include "job_service/domain/job.h"
#include "job_service/store/job_stores.h"
#include "job_service/subscriptions/filter_subscriptions.h"
#include "job_service/subscriptions/job_subscriptions.h"
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

  // `owners` answers whether a user exists and is active. All arguments must outlive this.
  JobApi(Options options, JobStores& stores, JobSubscriptions& job_subscriptions,
         FilterSubscriptions& filter_subscriptions, rpc::AccountSource& owners,
         rpc::CallInterceptor& interceptor, Dispatcher& dispatcher);

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
  Answer<google::api::HttpBody> GetJobResult(Call& call, const pb::GetJobResultRequest& request);
  Answer<pb::BatchGetJobsResponse> BatchGetJobs(Call& call, const pb::BatchGetJobsRequest& request);
  Answer<pb::ListJobsResponse> ListJobs(Call& call, const pb::ListJobsRequest& request);
  Answer<pb::Job> WaitJob(Call& call, const pb::WaitJobRequest& request);
  Task<absl::Status> WatchJob(Call& call, const pb::WatchJobRequest& request,
                              rpc::ServerStream<pb::Job>& stream);
  Task<absl::Status> WatchJobs(Call& call, const pb::WatchJobsRequest& request,
                               rpc::ServerStream<pb::WatchJobsResponse>& stream);
  Answer<pb::Job> CancelJob(Call& call, const pb::CancelJobRequest& request);
  Answer<pb::Job> RetryJob(Call& call, const pb::RetryJobRequest& request);
  Answer<google::protobuf::Empty> DeleteJob(Call& call, const pb::DeleteJobRequest& request);
  Answer<pb::GetJobStatsResponse> GetJobStats(Call& call, const pb::GetJobStatsRequest& request);
  Answer<pb::ClaimJobsResponse> ClaimJobs(Call& call, const pb::ClaimJobsRequest& request);
  Answer<pb::HeartbeatJobsResponse> HeartbeatJobs(Call& call,
                                                  const pb::HeartbeatJobsRequest& request);
  Answer<pb::Job> CompleteJob(Call& call, const pb::CompleteJobRequest& request);
  Answer<pb::Job> FailJob(Call& call, const pb::FailJobRequest& request);
  Answer<pb::ReportProgressResponse> ReportProgress(Call& call,
                                                    const pb::ReportProgressRequest& request);
  Answer<pb::ReportProgressResponse> ReportRun(Call& call, const pb::ReportProgressRequest& request,
                                               JobFinish progress);
  Answer<pb::BatchFinishJobsResponse> BatchFinishJobs(Call& call,
                                                      const pb::BatchFinishJobsRequest& request);
  Answer<pb::ReleaseJobsResponse> ReleaseJobs(Call& call, const pb::ReleaseJobsRequest& request);

  // Makes a job whose input is in the call, and answers once its workflow took it.
  Answer<pb::Job> CreateWithInput(Call& call, NewJob job, std::string input);
  // Posts a job that is ours and answers with what came of it, or UNAVAILABLE at `end`.
  Answer<pb::Job> DispatchWithInput(Call& call, Job job, std::string input, absl::Time end);
  // Ends a job as the caller may: a worker by its lease, a run by its callback.
  Answer<Job> End(Call& call, JobFinish finish);
  // OK when a user exists and is active; the caller's own id is not looked up. NOT_FOUND
  // (USER_NOT_FOUND), FAILED_PRECONDITION (ACCOUNT_INACTIVE), or what `owners` answers.
  Task<absl::Status> CheckOwner(const auth::Caller& caller, const std::string& user_id,
                                absl::Time deadline);
  // The same for several, which may repeat, looked up at once.
  Task<absl::Status> CheckOwners(const auth::Caller& caller, std::vector<std::string> user_ids,
                                 absl::Time deadline);
  // A job that the caller may see. PERMISSION_DENIED (NOT_YOURS) or NOT_FOUND.
  Answer<JobPtr> ReadJob(Call& call, std::string id, bool with_result);
  // The same for a stream that has told of it in this state: the caller is let in once more, too.
  // NOT_FOUND when it is gone.
  Answer<JobPtr> LookAgain(Call& call, rpc::ServerStream<pb::Job>& stream, JobKey key,
                           JobStatus told);
  // Whether the caller of a stream, as they are now, may be told what passes its filter.
  Task<absl::Status> LookAgain(Call& call, const FilterSubscriber& watcher,
                               rpc::ServerStream<pb::WatchJobsResponse>& stream);
  // Tells of every job in one of the states that are not terminal, as they are.
  Task<absl::Status> SendOpenJobs(Call& call, pb::JobView view, FilterSubscriber& watcher,
                                  rpc::ServerStream<pb::WatchJobsResponse>& stream);
  // Lets the caller in once more and tells of the changes that wait.
  Task<absl::Status> SendChanges(Call& call, pb::JobView view, FilterSubscriber& watcher,
                                 rpc::ServerStream<pb::WatchJobsResponse>& stream);
  // Tells of these jobs with their results, as far as they have not changed again, and takes out
  // those that it has read.
  Task<absl::Status> SendResults(Call& call, pb::JobView view, std::vector<JobPtr>& changed,
                                 rpc::ServerStream<pb::WatchJobsResponse>& stream);
  // Waits as a stream does until something may have happened; see NextLook.
  Task<Wake> AwaitChange(Call& call, std::shared_ptr<Waker> waker, int failures,
                         absl::Time heartbeat_due);
  // Claims until there is something, the wait is over, or the service stops. INVALID_ARGUMENT for a
  // workflow that is pushed.
  Answer<std::vector<Job>> ClaimOrWait(Call& call, ClaimRequest claim, absl::Time end);

  const Options options_;
  JobStores& stores_;
  JobSubscriptions& job_subscriptions_;
  FilterSubscriptions& filter_subscriptions_;
  rpc::AccountSource& owners_;
  Dispatcher& dispatcher_;
  rpc::Service service_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JOB_API_H_
