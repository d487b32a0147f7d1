#ifndef VIBESTACK_TESTS_E2E_OPS_TLS_TLS_FIXTURE_H_
#define VIBESTACK_TESTS_E2E_OPS_TLS_TLS_FIXTURE_H_

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {

// Both services with mutual TLS: the authority `ca` has signed `user_service`, `job_service` and
// the test's own `client`.
class TlsTest : public testing::Test {
 protected:
  // The value of --tls_reload.
  static constexpr absl::Duration kReload = absl::Seconds(2);

  TlsTest() {
    certificates_.MakeAuthority("ca");
    for (const char* name : {"user_service", "job_service"}) {
      certificates_.Issue("ca", name, {"127.0.0.1", "localhost"});
    }
    certificates_.Issue("ca", "client");
  }

  // Flags for a server that presents `name` and trusts `ca`.
  std::vector<std::string> ServerFlags(const std::string& name) const {
    return {"--tls_cert=" + certificates_.certificate(name), "--tls_key=" + certificates_.key(name),
            "--tls_client_ca=" + certificates_.certificate("ca"),
            "--tls_reload=" + absl::FormatDuration(kReload)};
  }
  // Flags for job_service's calls of user_service: trusts `authority`; presents `name`, if not
  // empty.
  std::vector<std::string> PeerFlags(const std::string& authority, const std::string& name) const {
    std::vector<std::string> flags = {"--user_service_tls_ca=" +
                                      certificates_.certificate(authority)};
    if (name.empty()) return flags;
    flags.push_back("--user_service_tls_cert=" + certificates_.certificate(name));
    flags.push_back("--user_service_tls_key=" + certificates_.key(name));
    return flags;
  }
  // Options with mutual TLS. `user` is the certificate that user_service presents.
  Services::Options Secure(const std::string& user = "user_service",
                           std::vector<std::string> peer_flags = {}) const {
    std::vector<std::string> job_flags = ServerFlags("job_service");
    if (peer_flags.empty()) peer_flags = PeerFlags("ca", "job_service");
    job_flags.insert(job_flags.end(), peer_flags.begin(), peer_flags.end());
    return {.user_flags = ServerFlags(user),
            .job_flags = job_flags,
            .start = false,
            .credentials = certificates_.Client("ca", "client")};
  }
  // Starts both and waits until they are ready.
  void Start(Services::Options options) {
    options.start = true;
    services_.emplace(std::move(options));
  }

  // Runs `openssl s_client` against the address, with more arguments.
  static Finished AsOpenssl(const std::string& address, std::vector<std::string> more) {
    more.insert(more.begin(), {"s_client", "-connect", address, "-alpn", "h2"});
    return RunToEnd("openssl", std::move(more));
  }
  // Whether a server presents this very certificate to a new connection.
  bool IsShown(const std::string& address, const std::string& name) const {
    return AsOpenssl(address, {"-cert", certificates_.certificate("client"), "-key",
                               certificates_.key("client")})
               .standard_output.find(ReadFile(certificates_.certificate(name))) !=
           std::string::npos;
  }

  Certificates certificates_;
  std::optional<Services> services_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_OPS_TLS_TLS_FIXTURE_H_
