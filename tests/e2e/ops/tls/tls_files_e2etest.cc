// The files with certificates and keys: invalid ones at the start, and replaced ones while both
// services run.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "tests/e2e/ops/tls/tls_fixture.h"
#include "tests/support/load.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

class TlsFiles : public TlsTest {
 protected:
  std::vector<std::string> UserFlags() const {
    return {"serve", "--keys_dir=" + keys_.path(), "--grpc_address=127.0.0.1:0",
            "--metrics_address=127.0.0.1:0"};
  }
  // Expects that user_service ends at once, with a message that has `words` and no path.
  void ExpectNoStart(std::vector<std::string> flags, const std::string& words) const {
    std::vector<std::string> all = UserFlags();
    all.insert(all.end(), flags.begin(), flags.end());
    const Finished done = RunToEnd(RequiredEnvironment("VIBESTACK_E2E_USER_SERVICE"), all);
    EXPECT_EQ(done.exit_code, 2) << words;
    EXPECT_THAT(done.standard_error, HasSubstr(words));
    EXPECT_THAT(done.standard_error, Not(HasSubstr("/")));
  }
  std::string Certificate(const std::string& name) const {
    return "--tls_cert=" + certificates_.certificate(name);
  }
  std::string Key(const std::string& name) const { return "--tls_key=" + certificates_.key(name); }

  // Calls that go through both services, over one connection for each thread and over new ones.
  std::function<void(int)> Calls(const std::string& token) {
    return [this, token](int thread) {
      const auto channel =
          Connect(services_->job().address(), certificates_.Client("ca", "client"));
      const auto fresh = JobService::NewStub(channel);
      for (JobService::Stub* stub : {fresh.get(), &services_->jobs()}) {
        const auto listed = Call(*stub, &JobService::Stub::ListJobs, job::v1::ListJobsRequest(),
                                 {.token = token, .transport_may_fail = true});
        ++(listed.ok() ? answered_ : failed_);
        if (!listed.ok() && thread == 0) ADD_FAILURE() << Describe(listed.status);
      }
    };
  }

  // The status code of an empty request for `path`.
  static grpc::StatusCode CodeOf(const std::shared_ptr<grpc::Channel>& channel,
                                 const std::string& path) {
    grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel);
    grpc::ClientContext context;
    const grpc::Slice nothing;
    const grpc::ByteBuffer request(&nothing, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, path, {}, &request, &response,
                   [&done](grpc::Status status) { done.set_value(std::move(status)); });
    return done.get_future().get().error_code();
  }

  static size_t Count(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
    return count;
  }

  const TemporaryDirectory keys_;
  std::atomic<int> answered_ = 0;
  std::atomic<int> failed_ = 0;
};

TEST_F(TlsFiles, BadFilesEndTheStartInWordsThatNameTheFlag) {
  WriteFile(keys_.path() + "/empty", "");
  WriteFile(keys_.path() + "/prose", "no PEM at all\n");
  ExpectNoStart({Certificate("user_service")}, "--tls_cert is given without --tls_key");
  ExpectNoStart({Key("user_service")}, "--tls_key is given without --tls_cert");
  ExpectNoStart({Certificate("nothing"), Key("user_service")}, "--tls_cert is not a readable file");
  ExpectNoStart({Certificate("user_service"), "--tls_key=" + keys_.path() + "/empty"},
                "--tls_key is not a readable file");
  ExpectNoStart({Certificate("user_service"), "--tls_key=" + keys_.path() + "/prose"},
                "--tls_key does not hold a private key");
  ExpectNoStart({Certificate("user_service"), Key("job_service")},
                "--tls_key is not the key of the first certificate in --tls_cert");
  ExpectNoStart({Certificate("user_service"), Key("user_service"),
                 "--tls_client_ca=" + keys_.path() + "/prose"},
                "--tls_client_ca does not hold valid certificates");
  ExpectNoStart({"--tls_client_ca=" + certificates_.certificate("ca")},
                "--tls_client_ca is given without --tls_cert");
}

TEST_F(TlsFiles, BadFilesTowardsUserServiceEndTheStartOfJobService) {
  WriteFile(keys_.path() + "/token", "some.service.token");
  const auto expect = [this](std::vector<std::string> flags, const std::string& words) {
    flags.insert(flags.begin(), {"serve", "--service_token_file=" + keys_.path() + "/token"});
    const Finished done = RunToEnd(RequiredEnvironment("VIBESTACK_E2E_JOB_SERVICE"), flags);
    EXPECT_EQ(done.exit_code, 2) << words;
    EXPECT_THAT(done.standard_error, HasSubstr(words));
  };
  expect(PeerFlags("nothing", ""), "--user_service_tls_ca is not a readable file");
  auto mixed = PeerFlags("ca", "job_service");
  mixed.push_back("--user_service_tls_key=" + certificates_.key("client"));
  expect(mixed, "--user_service_tls_key is not the key");
  mixed.push_back("--user_service_tls_ca=");
  expect(mixed, "--user_service_tls_cert is given without --user_service_tls_ca");
}

TEST_F(TlsFiles, ReplacedCertificatesAreInUseInTimeAndNoCallFails) {
  Services::Options options = Secure();
  options.job_flags.push_back("--owner_ttl=0s");  // each call asks user_service
  Start(options);
  Load load(4, Calls(services_->SignUp().access_token));
  const auto replace = [&](const char* name, Service& service) {
    const std::string old = ReadFile(certificates_.certificate(name));
    certificates_.Issue("ca", name, {"127.0.0.1", "localhost"});
    const absl::Time replaced = absl::Now();
    ASSERT_NE(ReadFile(certificates_.certificate(name)), old);
    EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return IsShown(service.address(), name); }));
    EXPECT_LT(absl::Now() - replaced, kReload + absl::Seconds(5)) << name;
  };
  for (int round = 0; round < 3; ++round) {
    replace("user_service", services_->user());
    replace("job_service", services_->job());
  }
  load.Stop();
  EXPECT_EQ(failed_, 0);
  EXPECT_GT(answered_, 200);
  for (Service* service : {&services_->user(), &services_->job()}) {
    EXPECT_GT(service->Metric("vibestack_tls_certificate_not_after_seconds"),
              absl::ToUnixSeconds(absl::Now() + absl::Hours(24)));
  }
  // job_service reloads the certificate of its server and that of its client.
  for (const char* flag : {"\"flag\":\"tls_cert\"", "\"flag\":\"user_service_tls_cert\""}) {
    EXPECT_GE(Count(services_->job().log(), std::string("\"event\":\"tls_reloaded\",") + flag), 3U);
  }
}

TEST_F(TlsFiles, AnAuthorityIsReplacedInStepsAndNoCallFails) {
  Services::Options options = Secure();
  options.job_flags.push_back("--owner_ttl=0s");
  Start(options);
  const Person person = services_->SignUp();
  certificates_.MakeAuthority("next");
  const std::string old_one = ReadFile(certificates_.certificate("ca"));
  const auto reloads = [this](Service& service) {
    return Count(service.log(), "\"event\":\"tls_reloaded\"");
  };
  const auto await = [&](size_t user, size_t job) {
    return Eventually(absl::Seconds(20), [&] {
      return reloads(services_->user()) >= user && reloads(services_->job()) >= job;
    });
  };
  const auto put = [this](const std::string& authorities) {
    WriteFile(certificates_.certificate("ca") + ".new", authorities);
    std::filesystem::rename(certificates_.certificate("ca") + ".new",
                            certificates_.certificate("ca"));
  };
  {
    Load load(2, Calls(person.access_token));
    put(old_one + ReadFile(certificates_.certificate("next")));
    ASSERT_TRUE(await(1, 2));
    for (const char* name : {"user_service", "job_service"}) {
      certificates_.Issue("next", name, {"127.0.0.1", "localhost"});
    }
    ASSERT_TRUE(await(2, 4));
    EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
      return IsShown(services_->user().address(), "user_service") &&
             IsShown(services_->job().address(), "job_service");
    }));
    load.Stop();
    EXPECT_EQ(failed_, 0);
    EXPECT_GT(answered_, 50);
  }
  certificates_.Issue("next", "client");
  put(ReadFile(certificates_.certificate("next")));
  ASSERT_TRUE(await(3, 6));
  // user_service has restarted, so job_service has to present its new certificate.
  services_->user().process().Kill();
  services_->user().Start();
  const auto stub = JobService::NewStub(
      Connect(services_->job().address(), certificates_.Client("ca", "client")));
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
    return Call(*stub, &JobService::Stub::ListJobs, job::v1::ListJobsRequest(),
                {.token = person.access_token, .transport_may_fail = true})
        .ok();
  })) << services_->Logs();
}

TEST_F(TlsFiles, APairThatDoesNotFitChangesNothingAndIsLoggedOnce) {
  Start(Secure());
  const std::string key = ReadFile(certificates_.key("user_service"));
  const std::string shown = ReadFile(certificates_.certificate("user_service"));
  const auto complaints = [this] {
    return Count(services_->user().log(), "\"event\":\"tls_not_reloaded\"");
  };
  WriteFile(certificates_.key("user_service"), ReadFile(certificates_.key("client")));
  ASSERT_TRUE(Eventually(absl::Seconds(20), [&] { return complaints() == 1; }));
  EXPECT_THAT(services_->user().log(), HasSubstr("--tls_key is not the key of the first"));
  std::filesystem::remove(certificates_.certificate("user_service"));
  // Both services reload at the same interval. When job_service has reloaded twice, user_service
  // has looked at its files, too.
  for (size_t looks = 1; looks <= 2; ++looks) {
    certificates_.Issue("ca", "job_service", {"127.0.0.1", "localhost"});
    ASSERT_TRUE(Eventually(absl::Seconds(20), [&] {
      return Count(services_->job().log(), "\"flag\":\"tls_cert\"") == looks;
    }));
  }
  EXPECT_EQ(complaints(), 1U);
  EXPECT_EQ(Health(Connect(services_->user().address(), certificates_.Client("ca", "client")),
                   "readiness"),
            "SERVING");
  WriteFile(certificates_.certificate("user_service"), shown);
  WriteFile(certificates_.key("user_service"), key);
  EXPECT_TRUE(IsShown(services_->user().address(), "user_service"));
}

TEST_F(TlsFiles, HealthAloneIsServedInPlaintextWhereAskedFor) {
  Services::Options options = Secure();
  options.user_flags.push_back("--health_address=127.0.0.1:0");
  options.job_flags.push_back("--health_address=127.0.0.1:0");
  Start(options);
  for (Service* service : {&services_->user(), &services_->job()}) {
    const auto probe = Connect("127.0.0.1:" + std::to_string(service->PortOf("health")));
    EXPECT_EQ(Health(probe, "readiness"), "SERVING");
    EXPECT_EQ(Health(probe, "liveness"), "SERVING");
    for (const char* path :
         {"/vibestack.user.v1.AuthService/GetJwks", "/vibestack.job.v1.JobService/ListJobs",
          "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
      EXPECT_EQ(CodeOf(probe, path), grpc::UNIMPLEMENTED) << path;
    }
    EXPECT_EQ(Health(Connect(service->address()), "liveness"), "");
  }
}

TEST_F(TlsFiles, PlaintextBeyondLoopbackIsWarnedOf) {
  ASSERT_EQ(RunToEnd(RequiredEnvironment("VIBESTACK_E2E_USER_SERVICE"),
                     {"create-keys", "--keys_dir=" + keys_.path()})
                .exit_code,
            0);
  // An address that this machine does not have, so that the service cannot listen.
  const auto start = [this](const std::string& address, std::vector<std::string> more) {
    std::vector<std::string> flags = UserFlags();
    more.push_back("--grpc_address=" + address);
    flags.insert(flags.end(), more.begin(), more.end());
    return RunToEnd(RequiredEnvironment("VIBESTACK_E2E_USER_SERVICE"), flags).standard_error;
  };
  const char* warning = "\"event\":\"plaintext_beyond_loopback\",\"address\":\"192.0.2.1:50051\"";
  EXPECT_THAT(start("192.0.2.1:50051", {}), HasSubstr(warning));
  EXPECT_THAT(start("192.0.2.1:50051", {Certificate("user_service"), Key("user_service")}),
              Not(HasSubstr("plaintext")));
  Services local({.start = false});
  local.user().Start();
  EXPECT_THAT(local.user().log(), Not(HasSubstr("plaintext")));
}

}  // namespace
}  // namespace vibestack::e2e
