// The binaries start, or report why they cannot.
#include <gmock/gmock.h>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string UserServiceProgram() { return RequiredEnvironment("VIBESTACK_E2E_USER_SERVICE"); }
std::string JobServiceProgram() { return RequiredEnvironment("VIBESTACK_E2E_JOB_SERVICE"); }

class Start : public testing::Test {
 protected:
  // Valid flags of each service.
  std::vector<std::string> UserFlags() {
    return {"serve", "--keys_dir=" + services_.directory() + "/keys", "--grpc_address=127.0.0.1:0",
            "--metrics_address=127.0.0.1:0"};
  }
  std::vector<std::string> JobFlags() {
    return {"serve", "--service_token_file=" + services_.directory() + "/service.token",
            "--user_service_address=127.0.0.1:1", "--grpc_address=127.0.0.1:0",
            "--metrics_address=127.0.0.1:0"};
  }

  static void ExpectRefused(const std::string& program, std::vector<std::string> flags,
                            const std::string& flag, const std::string& name) {
    flags.push_back(flag);
    const Finished done = RunToEnd(program, flags);
    EXPECT_EQ(done.exit_code, 2) << flag;
    EXPECT_THAT(done.standard_error, HasSubstr(name)) << flag;
  }

  Services services_{{.start = false}};
};

TEST_F(Start, BadFlagEndsWithTwoAndItsName) {
  for (const auto& [flag, name] : std::vector<std::pair<std::string, std::string>>{
           {"--grpc_address=nonsense", "--grpc_address"},
           {"--grpc_address=127.0.0.1:99999", "--grpc_address"},
           {"--metrics_address=:", "--metrics_address"},
           {"--health_address=nowhere", "--health_address"},
           {"--tls_reload=1s", "--tls_reload"},
           {"--database_connections=0", "--database_connections"},
           {"--database_connections=many", "database_connections"},
           {"--batch_max_rows=-1", "--batch_max_rows"},
           {"--batch_in_flight=0", "--batch_in_flight"},
           {"--batch_queue=0", "--batch_queue"},
           {"--shutdown_grace=-1s", "--shutdown_grace"},
           {"--log_level=loud", "--log_level"},
           {"--no_such_flag=1", "no_such_flag"}}) {
    ExpectRefused(UserServiceProgram(), UserFlags(), flag, name);
    ExpectRefused(JobServiceProgram(), JobFlags(), flag, name);
  }
  for (const char* flag : {"--bcrypt_cost=3", "--bcrypt_cost=99", "--bcrypt_threads=-1",
                           "--bcrypt_queue=0", "--access_token_ttl=0s", "--refresh_token_ttl=-1h",
                           "--session_ttl=0s", "--session_ttl=87601h", "--keys_dir="}) {
    const std::string text = flag;
    ExpectRefused(UserServiceProgram(), UserFlags(), text, text.substr(0, text.find('=')));
  }
  for (const char* flag : {"--lease_duration=0s", "--sweep_interval=-1s", "--poll_interval=0s",
                           "--owner_ttl=-1s", "--user_service_address=", "--service_token_file="}) {
    const std::string text = flag;
    ExpectRefused(JobServiceProgram(), JobFlags(), text, text.substr(0, text.find('=')));
  }
}

TEST_F(Start, WebhookMustBeWholeAndItsSecretReadable) {
  const std::string secret = services_.directory() + "/secret";
  const std::string url = "--webhook_url=http://127.0.0.1:1/path-of-somebody";
  const auto expect_refused = [&](std::vector<std::string> more, const std::string& name) {
    auto flags = UserFlags();
    flags.insert(flags.end(), more.begin(), more.end());
    const Finished done = RunToEnd(UserServiceProgram(), flags);
    EXPECT_EQ(done.exit_code, 2) << name;
    EXPECT_THAT(done.standard_error, HasSubstr(name));
    for (const char* hidden : {"path-of-somebody", "fifteen letters", "/secret"}) {
      EXPECT_THAT(done.standard_error, Not(HasSubstr(hidden)));
    }
  };
  expect_refused({"--sign_up_mode=sometimes"}, "--sign_up_mode");
  expect_refused({"--sign_up_mode=confirmed"}, "--webhook_url");
  expect_refused({url}, "--webhook_secret_file");
  expect_refused({"--webhook_secret_file=" + secret}, "--webhook_url");
  expect_refused({url, "--webhook_secret_file=" + secret}, "--webhook_secret_file");
  WriteFile(secret, "fifteen letters\n");
  expect_refused({url, "--webhook_secret_file=" + secret}, "--webhook_secret_file");
  WriteFile(secret, "more than fifteen letters\n");
  for (const char* other :
       {"ftp://127.0.0.1/x", "127.0.0.1:5678/x", "http://user:pass@127.0.0.1/"}) {
    expect_refused({std::string("--webhook_url=") + other, "--webhook_secret_file=" + secret},
                   "--webhook_url");
  }
}

TEST_F(Start, UnknownCommandEndsWithTwo) {
  EXPECT_EQ(RunToEnd(UserServiceProgram(), {"dance"}).exit_code, 2);
  EXPECT_EQ(RunToEnd(JobServiceProgram(), {"dance"}).exit_code, 2);
}

TEST_F(Start, VersionNamesTheProgram) {
  const Finished user = RunToEnd(UserServiceProgram(), {"--version"});
  EXPECT_EQ(user.exit_code, 0);
  EXPECT_THAT(user.standard_output, HasSubstr("user_service 0."));
  EXPECT_THAT(RunToEnd(JobServiceProgram(), {"--version"}).standard_output,
              HasSubstr("job_service 0."));
}

TEST_F(Start, MissingKeysOrTokenAreNamedWithoutPaths) {
  auto user = UserFlags();
  user[1] = "--keys_dir=" + services_.directory() + "/nothing";
  const Finished without_keys = RunToEnd(UserServiceProgram(), user);
  EXPECT_NE(without_keys.exit_code, 0);
  EXPECT_THAT(without_keys.standard_error, HasSubstr("key directory"));
  auto job = JobFlags();
  job[1] = "--service_token_file=" + services_.directory() + "/nothing";
  const Finished without_token = RunToEnd(JobServiceProgram(), job);
  EXPECT_NE(without_token.exit_code, 0);
  EXPECT_THAT(without_token.standard_error, HasSubstr("service_token_file"));
}

TEST_F(Start, TakenPortIsNamed) {
  services_.user().Start();
  const std::string taken = services_.user().address();
  for (const auto& [program, flags] :
       {std::pair(UserServiceProgram(), UserFlags()), std::pair(JobServiceProgram(), JobFlags())}) {
    for (const char* flag : {"--grpc_address=", "--metrics_address="}) {
      auto arguments = flags;
      arguments.push_back(flag + taken);
      const Finished done = RunToEnd(program, arguments);
      EXPECT_NE(done.exit_code, 0) << program << " " << flag;
      EXPECT_LT(done.exit_code, 128) << program << " " << flag;
      EXPECT_THAT(done.standard_error, HasSubstr(taken)) << program << " " << flag;
    }
  }
  services_.user().AwaitReady();
}

TEST_F(Start, ServicesStartedBeforeTheDatabaseBecomeReadyLater) {
  StopPostgres();
  services_.user().Start();
  services_.job().Start();
  for (Service* service : {&services_.user(), &services_.job()}) {
    EXPECT_EQ(Health(service->channel(), "liveness"), "SERVING");
    EXPECT_EQ(Health(service->channel(), "readiness"), "NOT_SERVING");
  }
  user::v1::LoginRequest login;
  login.set_email("somebody@example.org");
  login.set_password("whatever it is");
  const auto refused = Call(services_.auth(), &AuthService::Stub::Login, login);
  EXPECT_EQ(refused.code(), grpc::UNAVAILABLE) << Describe(refused.status);
  StartPostgres();
  services_.user().AwaitReady();
  services_.job().AwaitReady();
  EXPECT_FALSE(CreateJob(services_, services_.SignUp(), "late").id().empty());
}

TEST_F(Start, SecondCreateKeysChangesNothing) {
  services_.user().Start();
  services_.user().AwaitReady();
  const Person person = services_.SignUp();
  EXPECT_EQ(services_.RunUserService({"create-keys"}).exit_code, 0);
  services_.user().process().Kill();
  services_.user().Start();
  services_.user().AwaitReady();
  user::v1::GetUserRequest me;
  me.set_id("me");
  EXPECT_TRUE(
      Call(services_.users(), &UserService::Stub::GetUser, me, {.token = person.access_token})
          .ok());
}

TEST_F(Start, CommandsSayWhatIsWrong) {
  EXPECT_EQ(
      services_.RunUserService({"create-superuser"}, {"VIBESTACK_PASSWORD=long enough"}).exit_code,
      2);
  const Finished weak = services_.RunUserService({"create-superuser", "--email=a@example.org"},
                                                 {"VIBESTACK_PASSWORD=short"});
  EXPECT_NE(weak.exit_code, 0);
  EXPECT_THAT(weak.standard_error, HasSubstr("password"));
  EXPECT_THAT(weak.standard_error, Not(HasSubstr("short")));
  EXPECT_EQ(services_.RunUserService({"issue-service-token", "--name=No Good"}).exit_code, 2);
  StopPostgres();
  const Finished away = services_.RunUserService({"create-superuser", "--email=a@example.org"},
                                                 {"VIBESTACK_PASSWORD=long enough"});
  StartPostgres();
  EXPECT_NE(away.exit_code, 0);
  EXPECT_THAT(away.standard_error, HasSubstr("database"));
}

}  // namespace
}  // namespace vibestack::e2e
