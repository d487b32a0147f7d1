#include "tests/support/certificates.h"

#include <gtest/gtest.h>

namespace vibestack::e2e {

void Certificates::MakeAuthority(const std::string& name) { Run({"authority", name}); }

void Certificates::Issue(const std::string& authority, const std::string& name,
                         const std::vector<std::string>& hosts, bool expired) {
  std::vector<std::string> arguments = {"issue", authority, name};
  for (const std::string& host : hosts) arguments.push_back("--host=" + host);
  if (expired) arguments.push_back("--expired");
  Run(std::move(arguments));
}

std::shared_ptr<grpc::ChannelCredentials> Certificates::Client(const std::string& authority,
                                                               const std::string& name) const {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(certificate(authority));
  if (!name.empty()) {
    options.pem_cert_chain = ReadFile(certificate(name));
    options.pem_private_key = ReadFile(key(name));
  }
  return grpc::SslCredentials(options);
}

std::string Certificates::Path(const std::string& name, const char* ending) const {
  return directory_.path() + "/" + name + ending;
}

void Certificates::Run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), directory_.path());
  const Finished done = RunToEnd(
      RequiredEnvironment("VIBESTACK_E2E_ROOT") + "/tests/support/certificates", arguments);
  ASSERT_EQ(done.exit_code, 0) << done.standard_error;
}

}  // namespace vibestack::e2e
