#include "tests/bench/call.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>
#include <grpcpp/support/slice.h>

#include "absl/strings/str_cat.h"
#include "tests/bench/setup.h"
#include "vibestack/job/v1/job.pb.h"
#include "vibestack/job/v1/job_service.pb.h"
#include "vibestack/user/v1/auth_service.pb.h"
#include "vibestack/user/v1/user.pb.h"
#include "vibestack/user/v1/user_service.pb.h"

namespace vibestack::bench {
namespace {

grpc::ByteBuffer Bytes(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

bool Parse(grpc::ByteBuffer bytes, google::protobuf::MessageLite* message) {
  grpc::ProtoBufferReader reader(&bytes);
  return message->ParseFromZeroCopyStream(&reader);
}

std::string Bearer(const std::string& token) {
  return token.empty() ? "" : absl::StrCat("Bearer ", token);
}

// A request for each of the ids.
template <typename Request>
std::vector<grpc::ByteBuffer> RequestsFor(const std::vector<std::string>& ids) {
  std::vector<grpc::ByteBuffer> requests;
  for (const std::string& id : ids) {
    Request request;
    request.set_id(id);
    requests.push_back(Bytes(request.SerializeAsString()));
  }
  return requests;
}

}  // namespace

Call HealthCall(const std::string& service) {
  // HealthCheckRequest{string service = 1}; HealthCheckResponse{status = 1: SERVING = 1}.
  std::string request;
  if (!service.empty()) {
    request = absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
  }
  return {.method = "/grpc.health.v1.Health/Check",
          .authorization = "",
          .requests = {Bytes(request)},
          .check = [](size_t, const grpc::ByteBuffer& response) {
            grpc::Slice bytes;
            const bool serving = response.DumpToSingleSlice(&bytes).ok() &&
                                 std::string(reinterpret_cast<const char*>(bytes.begin()),
                                             bytes.size()) == "\x08\x01";
            return serving ? absl::OkStatus() : absl::UnavailableError("health is not SERVING");
          }};
}

Call GetUserCall(const std::vector<std::string>& ids, const std::string& token) {
  return {.method = "/vibestack.user.v1.UserService/GetUser",
          .authorization = Bearer(token),
          .requests = RequestsFor<user::v1::GetUserRequest>(ids),
          .check = [ids](size_t index, const grpc::ByteBuffer& response) {
            user::v1::User user;
            const bool right = Parse(response, &user) && !user.id().empty() &&
                               (ids[index] == "me" || ids[index] == user.id());
            return right ? absl::OkStatus() : absl::InternalError("GetUser: another user");
          }};
}

Call GetJobCall(const std::vector<std::string>& ids, const std::string& token) {
  return {.method = "/vibestack.job.v1.JobService/GetJob",
          .authorization = Bearer(token),
          .requests = RequestsFor<job::v1::GetJobRequest>(ids),
          .check = [ids](size_t index, const grpc::ByteBuffer& response) {
            job::v1::Job job;
            const bool right = Parse(response, &job) && ids[index] == job.id();
            return right ? absl::OkStatus() : absl::InternalError("GetJob: another job");
          }};
}

Call LoginCall(const std::vector<std::string>& emails) {
  Call call{.method = "/vibestack.user.v1.AuthService/Login",
            .authorization = "",
            .requests = {},
            .check = [](size_t, const grpc::ByteBuffer& response) {
              user::v1::TokenResponse tokens;
              const bool right = Parse(response, &tokens) && !tokens.refresh_token().empty();
              return right ? absl::OkStatus() : absl::InternalError("Login: no tokens");
            }};
  for (const std::string& email : emails) {
    user::v1::LoginRequest request;
    request.set_email(email);
    request.set_password(kBenchPassword);
    call.requests.push_back(Bytes(request.SerializeAsString()));
  }
  return call;
}

Call CreateJobCall(const std::string& token) {
  job::v1::CreateJobRequest request;
  request.set_workflow_id("bench");
  return {.method = "/vibestack.job.v1.JobService/CreateJob",
          .authorization = Bearer(token),
          .requests = {Bytes(request.SerializeAsString())},
          .check = [](size_t, const grpc::ByteBuffer& response) {
            job::v1::Job job;
            const bool right = Parse(response, &job) && !job.id().empty() &&
                               job.workflow_id() == "bench" &&
                               job.status() == job::v1::Job::PENDING;
            return right ? absl::OkStatus() : absl::InternalError("CreateJob: not a pending job");
          }};
}

Call BatchCreateJobsCall(int jobs, const std::string& token) {
  job::v1::BatchCreateJobsRequest request;
  for (int i = 0; i < jobs; ++i) request.add_requests()->set_workflow_id("bench");
  return {.method = "/vibestack.job.v1.JobService/BatchCreateJobs",
          .authorization = Bearer(token),
          .requests = {Bytes(request.SerializeAsString())},
          .check = [jobs](size_t, const grpc::ByteBuffer& response) {
            job::v1::BatchCreateJobsResponse made;
            bool right = Parse(response, &made) && made.jobs_size() == jobs;
            for (const job::v1::Job& job : made.jobs()) {
              right = right && !job.id().empty() && job.status() == job::v1::Job::PENDING;
            }
            return right ? absl::OkStatus() : absl::InternalError("BatchCreateJobs: other jobs");
          }};
}

}  // namespace vibestack::bench
