// Which clients TLS admits, and the log lines about the others.
#include <algorithm>
#include <sstream>

#include "tests/e2e/ops/tls/tls_fixture.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

class Tls : public TlsTest {
 protected:
  // Waits for a line with all of these parts in the service's log. Returns false after 10 seconds.
  static bool Logs(const Service& service, const std::vector<std::string>& parts) {
    return Eventually(absl::Seconds(10), [&] {
      std::istringstream lines(service.log());
      for (std::string line; std::getline(lines, line);) {
        const auto holds = [&line](const std::string& part) {
          return line.find(part) != std::string::npos;
        };
        if (std::all_of(parts.begin(), parts.end(), holds)) return true;
      }
      return false;
    });
  }

  // A call with those credentials fails in the transport, and the log of each service says why.
  void ExpectRefused(const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                     const std::vector<std::string>& parts) {
    for (const Service* service : {&services_->user(), &services_->job()}) {
      EXPECT_EQ(Health(Connect(service->address(), credentials), "liveness"), "");
      EXPECT_TRUE(Logs(*service, parts)) << testing::PrintToString(parts) << service->log();
    }
  }

  // Expects that job_service starts but cannot fetch keys from user_service, and that its log has
  // these parts.
  void ExpectPeerRefused(const Services::Options& options, const std::vector<std::string>& parts) {
    services_.emplace(options);
    services_->user().Start();
    services_->job().Start();
    services_->job().AwaitReady();
    EXPECT_TRUE(Logs(services_->job(), parts))
        << testing::PrintToString(parts) << services_->job().log();
    const auto refused = Call(services_->jobs(), &JobService::Stub::ListJobs,
                              job::v1::ListJobsRequest(), {.token = services_->service_token()});
    EXPECT_EQ(refused.code(), grpc::UNAVAILABLE) << Describe(refused.status);
  }
  static constexpr char kPeerFails[] = "\"event\":\"user_service_unavailable\"";
};

TEST_F(Tls, JobGoesThroughBothServicesOverMutualTls) {
  Start(Secure());
  const auto claimed = CreateAndClaim(*services_, services_->SignUp());
  EXPECT_TRUE(Complete(*services_, claimed, "{}").ok());
  EXPECT_THAT(services_->Logs(), Not(HasSubstr("tls_handshake_failed")));
}

TEST_F(Tls, CallersWithoutABelievedCertificateAreRefusedAndTheLogSaysWhy) {
  Start(Secure());
  certificates_.MakeAuthority("other");
  certificates_.Issue("other", "stranger");
  certificates_.Issue("ca", "latecomer", {}, /*expired=*/true);
  const std::string event = "\"event\":\"tls_handshake_failed\"";
  ExpectRefused(certificates_.Client("ca"),
                {event, "\"reason\":\"peer did not return a certificate\""});
  ExpectRefused(
      certificates_.Client("ca", "stranger"),
      {event, "\"reason\":\"certificate verify failed\"",
       "\"cause\":\"unable to get local issuer certificate\"", "\"subject\":\"CN=stranger\""});
  ExpectRefused(certificates_.Client("ca", "latecomer"),
                {event, "\"cause\":\"certificate has expired\"", "\"subject\":\"CN=latecomer\""});
  // In plaintext.
  ExpectRefused(nullptr, {event, "\"reason\":\"wrong version number\""});
  // Clients with a trusted certificate are still admitted.
  EXPECT_EQ(Health(services_->user().channel(), "liveness"), "SERVING");
}

TEST_F(Tls, WithoutClientAuthoritiesAnybodyMayCall) {
  Services::Options options = Secure();
  for (auto* flags : {&options.user_flags, &options.job_flags}) {
    flags->push_back("--tls_client_ca=");
  }
  options.credentials = certificates_.Client("ca");
  Start(options);
  EXPECT_FALSE(CreateJob(*services_, services_->SignUp(), "open").id().empty());
}

TEST_F(Tls, NothingOlderThanTls12IsSpoken) {
  Start(Secure());
  for (const Service* service : {&services_->user(), &services_->job()}) {
    const std::vector<std::string> shown = {"-cert", certificates_.certificate("client"), "-key",
                                            certificates_.key("client")};
    const auto speak = [&](const char* version) {
      std::vector<std::string> arguments = shown;
      // SECLEVEL=0, because otherwise openssl itself refuses such an old version.
      arguments.insert(arguments.end(), {version, "-cipher", "ALL:@SECLEVEL=0"});
      return AsOpenssl(service->address(), arguments);
    };
    EXPECT_NE(speak("-tls1_1").exit_code, 0);
    EXPECT_TRUE(Logs(*service, {"tls_handshake_failed", "\"reason\":\"unsupported protocol\""}))
        << service->log();
    EXPECT_THAT(speak("-tls1_2").standard_output, HasSubstr("TLSv1.2"));
    EXPECT_EQ(speak("-tls1_2").exit_code, 0);
    EXPECT_EQ(AsOpenssl(service->address(), shown).exit_code, 0);
  }
}

TEST_F(Tls, UserServiceMustShowACertificateOfItsAuthority) {
  certificates_.MakeAuthority("other");
  ExpectPeerRefused(Secure("user_service", PeerFlags("other", "job_service")),
                    {kPeerFails, "certificate verify failed"});
}

TEST_F(Tls, UserServiceMustShowACertificateOfItsName) {
  certificates_.Issue("ca", "elsewhere", {"elsewhere.example.org"});
  ExpectPeerRefused(Secure("elsewhere"),
                    {kPeerFails, "Peer name 127.0.0.1 is not in peer certificate"});
}

TEST_F(Tls, UserServiceMustShowACertificateThatHasNotExpired) {
  certificates_.Issue("ca", "expired", {"127.0.0.1"}, /*expired=*/true);
  ExpectPeerRefused(Secure("expired"), {kPeerFails, "certificate verify failed"});
  EXPECT_TRUE(Logs(services_->job(), {"\"event\":\"tls_handshake_failed\"",
                                      "\"cause\":\"certificate has expired\"", "CN=expired"}));
}

TEST_F(Tls, JobServiceMustShowUserServiceACertificate) {
  ExpectPeerRefused(Secure("user_service", PeerFlags("ca", "")), {kPeerFails, "UNAVAILABLE"});
  EXPECT_TRUE(Logs(services_->user(), {"peer did not return a certificate"}));
}

}  // namespace
}  // namespace vibestack::e2e
