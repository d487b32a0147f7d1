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
#include "job_service/api/waiting.h"
#include "job_service/dispatch/dispatcher.h"
#include "job_service/domain/job.h"
#include "job_service/domain/workflow.h"
#include "job_service/store/job_stores.h"
#include "job_service/subscriptions/filter_subscriptions.h"
#include "job_service/subscriptions/job_subscriptions.h"
#include "vibestack/job/v1/job_service.pb.h"

namespace vibestack::job_service {

namespace pb = job::v1;

// The handlers of vibestack.job.v1.JobService, as job_service.proto describes them. Thread-safe.
class JobApi {
 public:
  struct Options {
    // How often a waiting call reads the database, in case a change event was lost.
    absl::Duration poll_interval = absl::Seconds(5);
    WorkflowSource workflows;
    // The largest input of a job, in bytes of JSON text.
    size_t max_input = size_t{1} << 20;
  };

  // `owners` looks up accounts. All arguments must outlive this.
  JobApi(Options options, JobStores& stores, JobSubscriptions& job_subscriptions,
         FilterSubscriptions& filter_subscriptions, rpc::AccountSource& owners,
         rpc::CallInterceptor& interceptor, Dispatcher& dispatcher);

  // The service for the gRPC server. This must outlive the server.
  rpc::Service& service() { return service_; }

 private:
  template <typename T>
  using Answer = Task<absl::StatusOr<T>>;
  using Call = rpc::Call;

  // create_jobs.cc
  Answer<pb::Job> CreateJob(Call& call, const pb::CreateJobRequest& request);
  Answer<pb::BatchCreateJobsResponse> BatchCreateJobs(Call& call,
                                                      const pb::BatchCreateJobsRequest& request);

  // get_jobs.cc
  Answer<pb::Job> GetJob(Call& call, const pb::GetJobRequest& request);
  Answer<google::api::HttpBody> GetJobResult(Call& call, const pb::GetJobResultRequest& request);
  Answer<pb::BatchGetJobsResponse> BatchGetJobs(Call& call, const pb::BatchGetJobsRequest& request);
  // Reads a job that the caller may see. PERMISSION_DENIED (NOT_YOURS) or NOT_FOUND.
  Answer<JobPtr> ReadJob(Call& call, std::string id, bool with_result, bool with_input = false);

  // list_jobs.cc
  Answer<pb::ListJobsResponse> ListJobs(Call& call, const pb::ListJobsRequest& request);

  // wait_job.cc
  Answer<pb::Job> WaitJob(Call& call, const pb::WaitJobRequest& request);

  // watch_events.cc: the watches as server-sent events
  Task<absl::Status> WatchJobEvents(Call& call, const pb::WatchJobEventsRequest& request,
                                    rpc::ServerStream<google::api::HttpBody>& stream);
  Task<absl::Status> WatchJobsEvents(Call& call, const pb::WatchJobsEventsRequest& request,
                                     rpc::ServerStream<google::api::HttpBody>& stream);
  // Whether the client's last event (Last-Event-ID) had the present, terminal state of the job.
  Answer<bool> HasSeenTheEnd(Call& call, const std::string& id);

  // watch_job.cc
  static absl::Status CheckWatch(const pb::WatchJobRequest& request);
  Task<absl::Status> WatchJob(Call& call, const pb::WatchJobRequest& request,
                              rpc::ServerStream<pb::Job>& stream);
  // As ReadJob, for a stream that has sent the job with the status `sent`. Also re-authorizes the
  // caller. NOT_FOUND when the job was deleted.
  Answer<JobPtr> Recheck(Call& call, rpc::ServerStream<pb::Job>& stream, JobKey key,
                         JobStatus sent);
  // Waits until a change, the next poll (see NextPoll) or the next heartbeat.
  Task<Wake> AwaitChange(Call& call, std::shared_ptr<Waker> waker, int failures,
                         absl::Time heartbeat_due);

  // watch_jobs.cc
  Task<absl::Status> WatchJobs(Call& call, const pb::WatchJobsRequest& request,
                               rpc::ServerStream<pb::WatchJobsResponse>& stream);
  // One stream of WatchJobs.
  struct JobsWatch {
    const pb::JobView view;
    FilterSubscriber& subscriber;
    rpc::ServerStream<pb::WatchJobsResponse>& stream;
    // The stream, or the stream that it continues, has sent every change before this time.
    // InfinitePast() if it is not known yet.
    absl::Time cursor = absl::InfinitePast();
    bool caught_up = false;  // Whether the stream has sent `caught_up`.
    bool missed = false;     // Whether more jobs ended since the cursor than the stream has sent.
  };
  // Re-authorizes the caller of a stream and checks that they may still see the jobs of its filter.
  Task<absl::Status> Recheck(Call& call, JobsWatch& watch);
  // Sends every job that matches the filter and is not terminal.
  Task<absl::Status> SendOpenJobs(Call& call, JobsWatch& watch);
  // Sends the jobs that ended since the cursor; none without a cursor.
  Task<absl::Status> SendEndedJobs(Call& call, JobsWatch& watch);
  Task<absl::Status> SendJobs(Call& call, JobsWatch& watch, const std::vector<Job>& jobs);
  // Re-authorizes the caller and sends the queued changes.
  Task<absl::Status> SendChanges(Call& call, JobsWatch& watch);
  // Reads the jobs in `changed` with their results, and sends those that have not changed again.
  // Removes from `changed` each job that it has read. The last message has `cursor`.
  Task<absl::Status> SendResults(Call& call, JobsWatch& watch, std::vector<JobPtr>& changed,
                                 absl::Time cursor);
  // Sends `caught_up` once, or a heartbeat if it is due and the stream would hear of a change.
  Task<absl::Status> SendSigns(JobsWatch& watch, Heartbeat& heartbeat);

  // cancel_job.cc
  Answer<pb::Job> CancelJob(Call& call, const pb::CancelJobRequest& request);

  // retry_job.cc
  Answer<pb::Job> RetryJob(Call& call, const pb::RetryJobRequest& request);

  // delete_job.cc
  Answer<google::protobuf::Empty> DeleteJob(Call& call, const pb::DeleteJobRequest& request);

  // manage_jobs.cc
  Answer<pb::BatchCancelJobsResponse> BatchCancelJobs(Call& call,
                                                      const pb::BatchCancelJobsRequest& request);
  Answer<pb::BatchRetryJobsResponse> BatchRetryJobs(Call& call,
                                                    const pb::BatchRetryJobsRequest& request);
  Answer<pb::BatchDeleteJobsResponse> BatchDeleteJobs(Call& call,
                                                      const pb::BatchDeleteJobsRequest& request);

  // get_job_stats.cc
  Answer<pb::GetJobStatsResponse> GetJobStats(Call& call, const pb::GetJobStatsRequest& request);

  // claim_jobs.cc
  Answer<pb::ClaimJobsResponse> ClaimJobs(Call& call, const pb::ClaimJobsRequest& request);
  // Claims until there are jobs, the wait is over, or the service stops. INVALID_ARGUMENT for a
  // pushed workflow.
  Answer<std::vector<Job>> ClaimOrWait(Call& call, ClaimRequest claim, absl::Time end);

  // heartbeat_jobs.cc
  Answer<pb::HeartbeatJobsResponse> HeartbeatJobs(Call& call,
                                                  const pb::HeartbeatJobsRequest& request);

  // finish_jobs.cc
  Answer<pb::Job> CompleteJob(Call& call, const pb::CompleteJobRequest& request);
  Answer<pb::Job> FailJob(Call& call, const pb::FailJobRequest& request);
  Answer<pb::BatchFinishJobsResponse> BatchFinishJobs(Call& call,
                                                      const pb::BatchFinishJobsRequest& request);
  // Ends a job by the lease of a worker or by the callback of a run.
  Answer<Job> FinishJob(Call& call, JobFinish finish);

  // report_progress.cc
  Answer<pb::ReportProgressResponse> ReportProgress(Call& call,
                                                    const pb::ReportProgressRequest& request);
  Answer<pb::ReportProgressResponse> ReportRun(Call& call, const pb::ReportProgressRequest& request,
                                               JobFinish progress);

  // release_jobs.cc
  Answer<pb::ReleaseJobsResponse> ReleaseJobs(Call& call, const pb::ReleaseJobsRequest& request);

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
