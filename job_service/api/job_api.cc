#include "job_service/api/job_api.h"

namespace vibestack::job_service {

JobApi::JobApi(Options options, JobStore& store, Hub& hub, Feed& feed, rpc::AccountSource& owners,
               rpc::Guard& guard, Pushing push)
    : options_(options),
      store_(store),
      hub_(hub),
      feed_(feed),
      owners_(owners),
      push_(push),
      service_(*pb::GetJobRequest::descriptor()->file()->FindServiceByName("JobService"), guard) {
  const auto bind = [this]<typename Request, typename Response>(
                        const char* name,
                        Answer<Response> (JobApi::*method)(Call&, const Request&)) {
    service_.Unary<Request, Response>(name, [this, method](Call& call, const Request& request) {
      return (this->*method)(call, request);
    });
  };
  const auto bind_stream = [this]<typename Request, typename Response>(
                               const char* name,
                               Task<absl::Status> (JobApi::*method)(Call&, const Request&,
                                                                    rpc::ServerStream<Response>&)) {
    service_.Stream<Request, Response>(name, [this, method](Call& call, const Request& request,
                                                            rpc::ServerStream<Response>& stream) {
      return (this->*method)(call, request, stream);
    });
  };
  bind("CreateJob", &JobApi::CreateJob);
  bind("BatchCreateJobs", &JobApi::BatchCreateJobs);
  bind("GetJob", &JobApi::GetJob);
  bind("GetJobResult", &JobApi::GetJobResult);
  bind("BatchGetJobs", &JobApi::BatchGetJobs);
  bind("ListJobs", &JobApi::ListJobs);
  bind("WaitJob", &JobApi::WaitJob);
  bind_stream("WatchJob", &JobApi::WatchJob);
  bind_stream("WatchJobs", &JobApi::WatchJobs);
  bind("CancelJob", &JobApi::CancelJob);
  bind("RetryJob", &JobApi::RetryJob);
  bind("DeleteJob", &JobApi::DeleteJob);
  bind("GetJobStats", &JobApi::GetJobStats);
  bind("ClaimJobs", &JobApi::ClaimJobs);
  bind("HeartbeatJobs", &JobApi::HeartbeatJobs);
  bind("CompleteJob", &JobApi::CompleteJob);
  bind("FailJob", &JobApi::FailJob);
  bind("ReportProgress", &JobApi::ReportProgress);
  bind("BatchFinishJobs", &JobApi::BatchFinishJobs);
  bind("ReleaseJobs", &JobApi::ReleaseJobs);
}

}  // namespace vibestack::job_service
