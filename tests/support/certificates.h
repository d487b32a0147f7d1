#ifndef VIBESTACK_TESTS_SUPPORT_CERTIFICATES_H_
#define VIBESTACK_TESTS_SUPPORT_CERTIFICATES_H_

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/processes.h"

namespace vibestack::e2e {

// Certificates for a test, which openssl makes in a temporary directory
// (tests/support/certificates). Each name stands for NAME.pem and NAME.key; making it again
// replaces the files. Make certificates on the main thread only; `Client` is thread-safe.
class Certificates {
 public:
  // Makes a self-signed certificate authority.
  void MakeAuthority(const std::string& name);
  // Makes a certificate for these hosts, signed by `authority`. Its common name is `name`.
  void Issue(const std::string& authority, const std::string& name,
             const std::vector<std::string>& hosts = {}, bool expired = false);

  std::string certificate(const std::string& name) const { return Path(name, ".pem"); }
  std::string key(const std::string& name) const { return Path(name, ".key"); }

  // Channel credentials that trust `authority` and show the certificate `name`; none if `name` is
  // empty.
  std::shared_ptr<grpc::ChannelCredentials> Client(const std::string& authority,
                                                   const std::string& name = "") const;

 private:
  std::string Path(const std::string& name, const char* ending) const;
  void Run(std::vector<std::string> arguments);

  const TemporaryDirectory directory_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_CERTIFICATES_H_
