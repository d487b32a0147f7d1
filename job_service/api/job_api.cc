#include "job_service/api/job_api.h"

namespace vibestack::job_service {

void JobApi::Register(rpc::Service& service) {
  const auto bind = [this, &service]<typename Request, typename Response>(
                        const char* name,
                        Answer<Response> (JobApi::*method)(Call&, const Request&)) {
    service.Unary<Request, Response>(name, [this, method](Call& call, const Request& request) {
      return (this->*method)(call, request);
    });
  };
  bind("CreateJob", &JobApi::CreateJob);
  bind("BatchCreateJobs", &JobApi::BatchCreateJobs);
  bind("GetJob", &JobApi::GetJob);
  bind("BatchGetJobs", &JobApi::BatchGetJobs);
  bind("ListJobs", &JobApi::ListJobs);
  bind("WaitJob", &JobApi::WaitJob);
  bind("CancelJob", &JobApi::CancelJob);
  bind("ClaimJobs", &JobApi::ClaimJobs);
  bind("HeartbeatJobs", &JobApi::HeartbeatJobs);
  bind("CompleteJob", &JobApi::CompleteJob);
  bind("FailJob", &JobApi::FailJob);
}

}  // namespace vibestack::job_service
