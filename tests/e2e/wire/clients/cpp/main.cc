// A job from sign-up to its result, in C++: the calls of an application, and a worker beside it.
//
//   cmake --install BUILD --component stubs --prefix FOLDER     in the services' repository
//   cmake -DCMAKE_PREFIX_PATH=FOLDER -S . -B build && cmake --build build
//   build/client --worker_token_file FILE
#include <google/protobuf/util/json_util.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/grpcpp.h>
#include <vibestack/job/v1/job_service.grpc.pb.h>
#include <vibestack/user/v1/auth_service.grpc.pb.h>

#include <chrono>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

namespace {

using std::chrono::seconds;
using vibestack::job::v1::Job;
using vibestack::job::v1::JobService;
using vibestack::user::v1::AuthService;

constexpr char kWorkflow[] = "example-cpp";
constexpr seconds kCall(10);  // deadline of a call, beyond what it waits for by itself
constexpr seconds kClaim(5);
constexpr seconds kResult(30);

// Describes the error of a call: the code, the service's reason, the message, and the violated
// fields, if any.
std::string Explain(const grpc::Status& status) {
  google::rpc::Status with_details;
  with_details.ParseFromString(status.error_details());
  std::string reason;
  std::string fields;
  for (const google::protobuf::Any& detail : with_details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest request;
    if (detail.UnpackTo(&info)) reason = info.reason();
    if (!detail.UnpackTo(&request)) continue;
    for (const auto& violation : request.field_violations()) {
      fields += "; " + violation.field() + ": " + violation.description();
    }
  }
  return "code " + std::to_string(status.error_code()) + " " + reason + ": " +
         status.error_message() + fields;
}

// The caller's token, the timeout, and the signal that ends a call early.
struct CallOptions {
  std::string token = "";
  seconds timeout = kCall;
  std::stop_token stop = {};
};

// Calls `method` of `stub` and returns its response; throws the text of `Explain` if it fails.
template <typename Stub, typename Request, typename Response>
Response Call(Stub& stub,
              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              const Request& request, const CallOptions& options) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + options.timeout);
  if (!options.token.empty()) context.AddMetadata("authorization", "Bearer " + options.token);
  const std::stop_callback cancel(options.stop, [&context] { context.TryCancel(); });
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) throw std::runtime_error(Explain(status));
  return response;
}

// A random UUID, as Linux makes them.
std::string NewUuid() {
  std::string uuid;
  std::ifstream("/proc/sys/kernel/random/uuid") >> uuid;
  return uuid;
}

// Signs up a new user and returns their access token.
std::string SignIn(AuthService::Stub& auth, const std::string& email) {
  const std::string password = NewUuid();
  vibestack::user::v1::SignUpRequest sign_up;
  sign_up.set_email(email);
  sign_up.set_password(password);
  sign_up.set_full_name("C++");
  Call(auth, &AuthService::Stub::SignUp, sign_up, {});
  vibestack::user::v1::LoginRequest login;
  login.set_email(email);
  login.set_password(password);
  return Call(auth, &AuthService::Stub::Login, login, {}).access_token();
}

// The worker: claims jobs of the workflow and completes them until it is told to stop.
void Work(JobService::Stub& jobs, const std::string& token, const std::stop_token& stop) try {
  vibestack::job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids(kWorkflow);
  claim.mutable_wait()->set_seconds(kClaim.count());
  while (!stop.stop_requested()) {
    const auto claimed = Call(jobs, &JobService::Stub::ClaimJobs, claim,
                              {.token = token, .timeout = kClaim + kCall, .stop = stop});
    for (const vibestack::job::v1::ClaimedJob& one : claimed.jobs()) {
      vibestack::job::v1::CompleteJobRequest complete;
      complete.set_id(one.job().id());
      complete.set_lease_token(one.lease_token());
      auto& result = *complete.mutable_result_payload()->mutable_struct_value()->mutable_fields();
      result["summary"].set_string_value("done for " + one.job().user_id());
      Call(jobs, &JobService::Stub::CompleteJob, complete, {.token = token});
    }
  }
} catch (const std::runtime_error&) {
  if (!stop.stop_requested()) throw;
}

// The application: creates a job and returns it when it has ended.
Job CreateAndWait(JobService::Stub& jobs, const std::string& token, const std::stop_token& stop) {
  vibestack::job::v1::CreateJobRequest create;
  // With a client-chosen id the call is idempotent: if the answer is lost, repeat it unchanged.
  create.set_id(NewUuid());
  create.set_workflow_id(kWorkflow);
  const Job job = Call(jobs, &JobService::Stub::CreateJob, create, {.token = token, .stop = stop});
  vibestack::job::v1::WaitJobRequest wait;
  wait.set_id(job.id());
  wait.mutable_timeout()->set_seconds(kResult.count());
  return Call(jobs, &JobService::Stub::WaitJob, wait,
              {.token = token, .timeout = kResult + kCall, .stop = stop});
}

// Runs `part` on a new thread. When it ends, with or without an error, the other parts end, too.
template <typename Part>
auto Start(std::stop_source& ended, Part part) {
  return std::async(std::launch::async, [&ended, part = std::move(part)] {
    struct AtEnd {
      std::stop_source& ended;
      ~AtEnd() { ended.request_stop(); }
    } const at_end{ended};
    return part(ended.get_token());
  });
}

Job Run(const std::map<std::string, std::string>& options) {
  std::string worker_token;
  if (!(std::ifstream(options.at("--worker_token_file")) >> worker_token)) {
    throw std::runtime_error("--worker_token_file: there is no token");
  }
  const auto credentials = grpc::InsecureChannelCredentials();
  const auto auth =
      AuthService::NewStub(grpc::CreateChannel(options.at("--user_service"), credentials));
  const auto jobs =
      JobService::NewStub(grpc::CreateChannel(options.at("--job_service"), credentials));
  const std::string token = SignIn(*auth, options.at("--email"));
  std::stop_source ended;
  auto worker = Start(ended, [&](const std::stop_token& stop) { Work(*jobs, worker_token, stop); });
  auto application =
      Start(ended, [&](const std::stop_token& stop) { return CreateAndWait(*jobs, token, stop); });
  worker.get();
  return application.get();
}

}  // namespace

int main(int argc, char** argv) try {
  std::map<std::string, std::string> options = {{"--user_service", "127.0.0.1:50051"},
                                                {"--job_service", "127.0.0.1:50052"},
                                                {"--worker_token_file", ""},
                                                {"--email", NewUuid() + "@example.com"}};
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  const Job job = Run(options);
  std::string result;
  const auto printed = google::protobuf::util::MessageToJsonString(job.result_payload(), &result);
  if (!printed.ok()) throw std::runtime_error(printed.ToString());
  std::cout << "job " << job.id() << " " << Job::Status_Name(job.status()) << " " << result << "\n";
  return job.status() == Job::COMPLETED ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "client: " << error.what() << "\n";
  return 1;
}
