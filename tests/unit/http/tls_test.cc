// The certificates that a client trusts.
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/async/sync_wait.h"
#include "common/base/error.h"
#include "common/http/client.h"
#include "tests/support/eventually.h"
#include "tests/support/processes.h"

namespace vibestack::http {
namespace {

// A TLS server with a self-signed certificate for `host`.
class TlsReceiver {
 public:
  explicit TlsReceiver(const std::string& host) : host_(host) {
    EXPECT_TRUE(Eventually(absl::Seconds(20), [this] { return !port().empty(); }))
        << process_.standard_error();
  }
  std::string port() const { return e2e::ReadFile(directory_.path() + "/" + host_ + ".port"); }
  std::string certificate() const { return directory_.path() + "/" + host_ + ".pem"; }

 private:
  const std::string host_;
  const e2e::TemporaryDirectory directory_;
  e2e::Process process_{{.program = RequiredEnvironment("VIBESTACK_TEST_HTTPS_RECEIVER"),
                         .arguments = {directory_.path(), host_},
                         .output = directory_.path() + "/receiver"}};
};

absl::StatusOr<Response> Send(Client& client, const std::string& url) {
  return SyncWait(client.Send({url, {}, "{}"}, absl::Now() + absl::Seconds(20)));
}

TEST(TlsTest, ReceiverWithACertificateOfATrustedAuthorityIsSentTo) {
  const TlsReceiver receiver("127.0.0.1");
  Client client({.ca_file = receiver.certificate()});
  const auto response = Send(client, "https://127.0.0.1:" + receiver.port() + "/hook");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "seen");
}

TEST(TlsTest, ReceiverWithAnUnknownCertificateIsRefused) {
  const TlsReceiver receiver("127.0.0.1");
  Client client({});
  const auto response = Send(client, "https://127.0.0.1:" + receiver.port() + "/hook");
  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(response.status()), "HTTP_UNTRUSTED") << response.status();
}

TEST(TlsTest, CertificateOfAnotherHostIsRefused) {
  const TlsReceiver receiver("n8n.example.org");
  Client client({.ca_file = receiver.certificate()});
  const auto response = Send(client, "https://127.0.0.1:" + receiver.port() + "/hook");
  EXPECT_EQ(ErrorReason(response.status()), "HTTP_UNTRUSTED") << response.status();
}

}  // namespace
}  // namespace vibestack::http
