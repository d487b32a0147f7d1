#ifndef VIBESTACK_TESTS_BENCH_JOB_CALLER_H_
#define VIBESTACK_TESTS_BENCH_JOB_CALLER_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vibestack/job/v1/job_service.grpc.pb.h"

namespace vibestack::bench {

using SteadyClock = std::chrono::steady_clock;

// Microseconds from `start` until `end`.
inline float MicrosBetween(SteadyClock::time_point start, SteadyClock::time_point end) {
  return std::chrono::duration<float, std::micro>(end - start).count();
}

// Calls of JobService that block the thread, as somebody. Thread-safe.
class JobCaller {
 public:
  using Stub = job::v1::JobService::Stub;

  JobCaller(std::shared_ptr<grpc::Channel> channel, std::string token)
      : stub_(job::v1::JobService::NewStub(std::move(channel))), token_(std::move(token)) {}

  // `caller.Call(&Stub::ClaimJobs, request)`. The error names the method.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) const {
    grpc::ClientContext context;
    Prepare(context);
    Response response;
    const grpc::Status status = ((*stub_).*method)(&context, request, &response);
    if (status.ok()) return response;
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        Request::descriptor()->name() + ": " + status.error_message());
  }

  // Gives a call the caller's token and a deadline.
  void Prepare(grpc::ClientContext& context) const;

  Stub& stub() const { return *stub_; }

 private:
  const std::unique_ptr<Stub> stub_;
  const std::string token_;
};

// Makes so many jobs of the workflow, at most 1,000; `user` owns them.
absl::Status MakeJobs(const JobCaller& user, const std::string& workflow_id, int count);

// Claims up to `count` jobs; waits for the first one.
absl::StatusOr<std::vector<job::v1::ClaimedJob>> ClaimJobs(const JobCaller& worker,
                                                           const std::string& workflow_id,
                                                           int count);

}  // namespace vibestack::bench

#endif  // VIBESTACK_TESTS_BENCH_JOB_CALLER_H_
