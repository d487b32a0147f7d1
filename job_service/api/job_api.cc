#include "job_service/api/job_api.h"

#include <utility>

#include "vibestack/job/v1/job_service.raw.h"

namespace vibestack::job_service {

JobApi::JobApi(Options options, JobStores& stores, JobSubscriptions& job_subscriptions,
               FilterSubscriptions& filter_subscriptions, rpc::AccountSource& owners,
               rpc::CallInterceptor& interceptor, Dispatcher& dispatcher)
    : options_(std::move(options)),
      stores_(stores),
      job_subscriptions_(job_subscriptions),
      filter_subscriptions_(filter_subscriptions),
      owners_(owners),
      dispatcher_(dispatcher),
      service_(pb::RawJobService(), interceptor) {
  service_.Unary("CreateJob", this, &JobApi::CreateJob);
  service_.Unary("BatchCreateJobs", this, &JobApi::BatchCreateJobs);
  service_.Unary("GetJob", this, &JobApi::GetJob);
  service_.Unary("GetJobResult", this, &JobApi::GetJobResult);
  service_.Unary("BatchGetJobs", this, &JobApi::BatchGetJobs);
  service_.Unary("ListJobs", this, &JobApi::ListJobs);
  service_.Unary("WaitJob", this, &JobApi::WaitJob);
  service_.Stream("WatchJob", this, &JobApi::WatchJob);
  service_.Stream("WatchJobEvents", this, &JobApi::WatchJobEvents);
  service_.Stream("WatchJobs", this, &JobApi::WatchJobs);
  service_.Stream("WatchJobsEvents", this, &JobApi::WatchJobsEvents);
  service_.Unary("CancelJob", this, &JobApi::CancelJob);
  service_.Unary("RetryJob", this, &JobApi::RetryJob);
  service_.Unary("DeleteJob", this, &JobApi::DeleteJob);
  service_.Unary("BatchCancelJobs", this, &JobApi::BatchCancelJobs);
  service_.Unary("BatchRetryJobs", this, &JobApi::BatchRetryJobs);
  service_.Unary("BatchDeleteJobs", this, &JobApi::BatchDeleteJobs);
  service_.Unary("GetJobStats", this, &JobApi::GetJobStats);
  service_.Unary("ClaimJobs", this, &JobApi::ClaimJobs);
  service_.Unary("HeartbeatJobs", this, &JobApi::HeartbeatJobs);
  service_.Unary("CompleteJob", this, &JobApi::CompleteJob);
  service_.Unary("FailJob", this, &JobApi::FailJob);
  service_.Unary("ReportProgress", this, &JobApi::ReportProgress);
  service_.Unary("BatchFinishJobs", this, &JobApi::BatchFinishJobs);
  service_.Unary("ReleaseJobs", this, &JobApi::ReleaseJobs);
}

}  // namespace vibestack::job_service
