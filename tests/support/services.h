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

// Runs the two services as an operator does, on the database of DATABASE_URL.
namespace vibestack::e2e {

using user::v1::AuthService;
using user::v1::UserService;
using JobService = job::v1::JobService;

// One service process at a fixed port. It can be ended and started again. Not thread-safe, except
// for the channel.
class Service {
 public:
  // Does not start the service. `output` is Process::Options::output.
  Service(std::string program, std::string output, std::vector<std::string> flags,
          std::vector<std::string> environment,
          std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);

  // Starts the service and waits until it listens; fails the test if it does not.
  void Start();
  // Waits until the service reports readiness; fails the test after `limit`.
  void AwaitReady(absl::Duration limit = absl::Seconds(20));
  bool IsReady() const { return Health(channel_, "readiness") == "SERVING"; }

  Process& process() { return *process_; }
  // The log since the last start.
  std::string log() const { return process_ == nullptr ? "" : process_->standard_error(); }
  // The port of this name in the service's port file; 0 if there is none.
  int PortOf(const std::string& name) const;
  // Scrapes /metrics of the service.
  std::string Scrape() const;
  // The value of a series in /metrics of the service; 0 if it does not exist.
  double Metric(const std::string& series) const;
  // The number of calls that have subscribed to change events and wait.
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

// A user with an account and new tokens.
struct Person {
  std::string id;
  std::string email;
  std::string password;
  std::string access_token;
  std::string refresh_token;
};

// Both services, with their own keys and service token.
class Services {
 public:
  struct Options {
    std::vector<std::string> user_flags = {};
    std::vector<std::string> job_flags = {};
    int job_replicas = 1;
    std::string database_url = "";  // empty: DATABASE_URL
    bool callback_keys = false;     // whether job_service has keys for callback tokens
    bool start = true;              // whether to start them and wait until they are ready
    // The credentials of the test's calls; null for plaintext.
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

  // Signs up a new user, with this email or, if it is empty, a new one, and logs in.
  Person SignUp(const std::string& email = "");
  // Creates a superuser by `user_service create-superuser` and logs in.
  Person CreateSuperuser();
  Person LogIn(const std::string& email, const std::string& password);

  // Runs a command of user_service with the keys and the database of these services.
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
