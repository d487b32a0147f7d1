#ifndef VIBESTACK_TESTS_SUPPORT_SERVICES_H_
#define VIBESTACK_TESTS_SUPPORT_SERVICES_H_

#include <memory>
#include <string>
#include <vector>

#include "common/base/uuid.h"
#include "tests/support/client.h"
#include "tests/support/processes.h"
#include "vibestack/job/v1/job_service.grpc.pb.h"
#include "vibestack/user/v1/auth_service.grpc.pb.h"
#include "vibestack/user/v1/user_service.grpc.pb.h"

// The two services as an operator runs them, on the database of DATABASE_URL.
namespace vibestack::e2e {

using user::v1::AuthService;
using user::v1::UserService;
using JobService = job::v1::JobService;

// One service process at a fixed port, which may be ended and started again. Not thread-safe, but
// for the channel.
class Service {
 public:
  // `output` is the path that its output files begin with. It is not started yet.
  Service(std::string program, std::string output, std::vector<std::string> flags,
          std::vector<std::string> environment,
          std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);

  // Starts it and waits until it listens; fails the test if it does not.
  void Start();
  // Waits until it reports readiness; fails the test after `limit`.
  void AwaitReady(absl::Duration limit = absl::Seconds(20));
  bool IsReady() const { return Health(channel_, "readiness") == "SERVING"; }

  Process& process() { return *process_; }
  // The log since the last start.
  std::string log() const { return process_ == nullptr ? "" : process_->standard_error(); }
  // The port that it wrote to its port file under that name; 0 where there is none.
  int PortOf(const std::string& name) const;
  // The present text of its /metrics.
  std::string Scrape() const;
  // The value of a series of its /metrics; 0 where there is none.
  double Metric(const std::string& series) const;
  // Calls that have subscribed to change events and wait.
  double WaitingCalls() const { return Metric("vibestack_waiting_calls"); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // One connection for all calls of a test; it survives a restart of the service.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  const std::string program_;
  const std::string output_;
  const std::vector<std::string> flags_;
  const std::vector<std::string> environment_;
  const int port_;
  const std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Process> process_;
};

// Somebody with an account and fresh tokens.
struct Person {
  std::string id;
  std::string email;
  std::string password;
  std::string access_token;
  std::string refresh_token;
};

// Both services, with keys and a service token of their own.
class Services {
 public:
  struct Options {
    std::vector<std::string> user_flags = {};
    std::vector<std::string> job_flags = {};
    int job_replicas = 1;
    std::string database_url = "";  // DATABASE_URL when empty
    bool callback_keys = false;     // whether job_service has keys for callback tokens
    bool start = true;              // and wait until they are ready
    // The credentials of the test's calls; plaintext if not set.
    std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr;
  };

  explicit Services(Options options);
  Services() : Services(Options()) {}

  Service& user() { return *user_; }
  Service& job(size_t replica = 0) { return *jobs_.at(replica); }
  const std::string& service_token() const { return service_token_; }
  const std::string& directory() const { return directory_.path(); }

  // Stubs of the first replica.
  AuthService::Stub& auth() { return *auth_stub_; }
  UserService::Stub& users() { return *user_stub_; }
  JobService::Stub& jobs() { return *job_stub_; }

  // Signs up somebody new, of this or a made-up email, and logs in.
  Person SignUp(const std::string& email = "");
  // The same with `user_service create-superuser`.
  Person CreateSuperuser();
  Person LogIn(const std::string& email, const std::string& password);

  // Runs a command of user_service with this pair's keys and database.
  Finished RunUserService(std::vector<std::string> arguments,
                          const std::vector<std::string>& environment = {});

  // The logs of both services.
  std::string Logs();

 private:
  const Options options_;
  const TemporaryDirectory directory_;
  std::vector<std::string> environment_;
  std::string service_token_;
  std::unique_ptr<Service> user_;
  std::vector<std::unique_ptr<Service>> jobs_;
  std::unique_ptr<AuthService::Stub> auth_stub_;
  std::unique_ptr<UserService::Stub> user_stub_;
  std::unique_ptr<JobService::Stub> job_stub_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_SERVICES_H_
