// Jobs are pushed over TLS only to receivers whose certificate the configured authority signed.
#include "tests/e2e/push/push_fixture.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

// A receiver with a self-signed certificate for this host. It responds with `seen`, which is not
// JSON.
class TlsReceiver {
 public:
  explicit TlsReceiver(const std::string& host) : host_(host) {
    EXPECT_TRUE(Eventually(absl::Seconds(20), [this] { return !port().empty(); }))
        << process_.standard_error();
  }
  std::string port() const { return ReadFile(directory_.path() + "/" + host_ + ".port"); }
  std::string url() const { return "https://127.0.0.1:" + port() + "/hook"; }
  std::string certificate() const { return directory_.path() + "/" + host_ + ".pem"; }

 private:
  const std::string host_;
  const TemporaryDirectory directory_;
  Process process_{
      {.program = RequiredEnvironment("VIBESTACK_E2E_ROOT") + "/tests/support/https_receiver",
       .arguments = {directory_.path(), host_},
       .output = directory_.path() + "/receiver"}};
};

class PushTls : public PushTest {
 protected:
  void ServeTo(const TlsReceiver& receiver, const std::vector<std::string>& flags) {
    ServeFile(
        "{\"workflows\": [" +
            Entry("pushed", receiver.url(), R"(, "timeout": "1s", "dispatch_timeout": "3s")") +
            "]}",
        1, flags);
  }
  double Attempts(const std::string& outcome) {
    return services_->job().Metric("vibestack_dispatch_attempts_total{outcome=\"" + outcome +
                                   "\",workflow_id=\"pushed\"}");
  }
  // Expects that a job is retried until its dispatch timeout and never accepted.
  void ExpectNeverSent() {
    const Job job = AwaitEnd(Create());
    EXPECT_EQ(job.status(), Job::FAILED);
    EXPECT_EQ(ErrorOf(job), "DISPATCH_TIMEOUT");
    EXPECT_EQ(Attempts("accepted"), 0);
    EXPECT_GE(Attempts("retry"), 1);
  }
};

TEST_F(PushTls, AReceiverOfTheConfiguredAuthorityIsPostedTo) {
  const TlsReceiver receiver("127.0.0.1");
  ServeTo(receiver, {"--dispatch_ca_file=" + receiver.certificate()});
  const std::string id = Create();
  EXPECT_TRUE(AwaitStatus(id, Job::PROCESSING));
  EXPECT_EQ(Attempts("accepted"), 1);
}

TEST_F(PushTls, AReceiverOfAnotherAuthorityIsNotPostedTo) {
  const TlsReceiver receiver("127.0.0.1");
  const TlsReceiver other("127.0.0.1");
  ServeTo(receiver, {"--dispatch_ca_file=" + other.certificate()});
  ExpectNeverSent();
}

TEST_F(PushTls, AReceiverThatOnlyItselfVouchesForIsNotPostedToWithoutConfiguration) {
  const TlsReceiver receiver("127.0.0.1");
  ServeTo(receiver, {});
  ExpectNeverSent();
}

TEST_F(PushTls, ACertificateForAnotherHostIsRefused) {
  const TlsReceiver receiver("n8n.example.org");
  ServeTo(receiver, {"--dispatch_ca_file=" + receiver.certificate()});
  ExpectNeverSent();
}

}  // namespace
}  // namespace vibestack::e2e
