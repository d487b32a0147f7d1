#include "tests/support/services.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <utility>

#include "tests/support/metrics.h"

namespace vibestack::e2e {
namespace {

std::vector<std::string> Joined(std::vector<std::string> first,
                                const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string Trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

Service::Service(std::string program, std::string output, std::vector<std::string> flags,
                 std::vector<std::string> environment,
                 std::shared_ptr<grpc::ChannelCredentials> credentials)
    : program_(std::move(program)),
      output_(std::move(output)),
      flags_(std::move(flags)),
      environment_(std::move(environment)),
      port_(FreePort()),
      channel_(Connect(address(), std::move(credentials))) {}

void Service::Start() {
  const std::string port_file = output_ + ".port";
  WriteFile(port_file, "");
  process_ = std::make_unique<Process>(Process::Options{
      .program = program_,
      .arguments = Joined({"serve", "--grpc_address=" + address(), "--metrics_address=127.0.0.1:0",
                           "--port_file=" + port_file},
                          flags_),
      .environment = environment_,
      .output = output_});
  const bool listens = Eventually(absl::Seconds(20), [&] {
    return process_->ExitCode().has_value() ||
           ReadFile(port_file).find("metrics=") != std::string::npos;
  });
  ASSERT_TRUE(listens && !process_->ExitCode().has_value()) << process_->standard_error();
}

void Service::AwaitReady(absl::Duration limit) {
  ASSERT_TRUE(Eventually(limit, [this] { return IsReady(); })) << process_->standard_error();
}

int Service::PortOf(const std::string& name) const {
  const std::string ports = ReadFile(output_ + ".port");
  const size_t place = ports.find(name + "=");
  return place == std::string::npos ? 0 : std::atoi(ports.c_str() + place + name.size() + 1);
}

std::string Service::Scrape() const {
  const int port = PortOf("metrics");
  return port == 0 ? "" : ScrapeMetrics(port);
}

double Service::Metric(const std::string& series) const { return MetricIn(Scrape(), series); }

Services::Services(Options options) : options_(std::move(options)) {
  if (!options_.database_url.empty()) environment_ = {"DATABASE_URL=" + options_.database_url};
  mkdir((directory() + "/keys").c_str(), 0700);
  const Finished keys = RunUserService({"create-keys"});
  EXPECT_EQ(keys.exit_code, 0) << keys.standard_error;
  const Finished token = RunUserService({"issue-service-token", "--name=e2e"});
  EXPECT_EQ(token.exit_code, 0) << token.standard_error;
  service_token_ = Trimmed(token.standard_output);
  WriteFile(directory() + "/service.token", token.standard_output);
  user_ = std::make_unique<Service>(
      RequiredEnvironment("VIBESTACK_E2E_USER_SERVICE"), directory() + "/user_service",
      Joined({"--keys_dir=" + directory() + "/keys", "--bcrypt_cost=4", "--log_level=debug"},
             options_.user_flags),
      environment_, options_.credentials);
  for (int i = 0; i < options_.job_replicas; ++i) {
    jobs_.push_back(std::make_unique<Service>(
        RequiredEnvironment("VIBESTACK_E2E_JOB_SERVICE"),
        directory() + "/job_service_" + std::to_string(i),
        Joined({"--user_service_address=" + user_->address(), "--log_level=debug",
                "--service_token_file=" + directory() + "/service.token",
                options_.callback_keys ? "--keys_dir=" + directory() + "/keys" : "--keys_dir="},
               options_.job_flags),
        environment_, options_.credentials));
  }
  auth_stub_ = AuthService::NewStub(user_->channel());
  user_stub_ = UserService::NewStub(user_->channel());
  job_stub_ = JobService::NewStub(jobs_.at(0)->channel());
  if (!options_.start) return;
  user_->Start();
  for (auto& job : jobs_) job->Start();
  user_->AwaitReady();
  for (auto& job : jobs_) job->AwaitReady();
}

Person Services::SignUp(const std::string& email) {
  user::v1::SignUpRequest request;
  request.set_email(email.empty() ? NewUuid() + "@example.org" : email);
  request.set_password("correct horse battery");
  const auto user = Call(auth(), &AuthService::Stub::SignUp, request);
  EXPECT_TRUE(user.ok()) << Describe(user.status);
  return LogIn(request.email(), request.password());
}

Person Services::CreateSuperuser() {
  const std::string email = NewUuid() + "@example.org";
  const std::string password = "the operator's own";
  const Finished made =
      RunUserService({"create-superuser", "--email=" + email}, {"VIBESTACK_PASSWORD=" + password});
  EXPECT_EQ(made.exit_code, 0) << made.standard_error;
  Person person = LogIn(email, password);
  EXPECT_EQ(person.id, Trimmed(made.standard_output));
  return person;
}

Person Services::LogIn(const std::string& email, const std::string& password) {
  user::v1::LoginRequest request;
  request.set_email(email);
  request.set_password(password);
  const auto tokens = Call(auth(), &AuthService::Stub::Login, request);
  EXPECT_TRUE(tokens.ok()) << Describe(tokens.status);
  user::v1::GetUserRequest me;
  me.set_id("me");
  const auto user =
      Call(users(), &UserService::Stub::GetUser, me, {.token = tokens.value.access_token()});
  EXPECT_TRUE(user.ok()) << Describe(user.status);
  return {user.value.id(), email, password, tokens.value.access_token(),
          tokens.value.refresh_token()};
}

Finished Services::RunUserService(std::vector<std::string> arguments,
                                  const std::vector<std::string>& environment) {
  arguments.push_back("--keys_dir=" + directory() + "/keys");
  arguments.push_back("--bcrypt_cost=4");
  return RunToEnd(RequiredEnvironment("VIBESTACK_E2E_USER_SERVICE"), std::move(arguments),
                  Joined(environment_, environment));
}

std::string Services::Logs() {
  std::string logs = user_->log();
  for (auto& job : jobs_) logs += job->log();
  return logs;
}

}  // namespace vibestack::e2e
