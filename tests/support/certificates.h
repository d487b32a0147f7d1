#ifndef VIBESTACK_TESTS_SUPPORT_CERTIFICATES_H_
#define VIBESTACK_TESTS_SUPPORT_CERTIFICATES_H_

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/processes.h"

namespace vibestack::e2e {

// Certificates that openssl makes in a directory of their own (tests/support/certificates). A name
// stands for NAME.pem and NAME.key; making it again replaces it. Made in the main
// thread only; `Client` in any.
class Certificates {
 public:
  // An authority that signs itself.
  void MakeAuthority(const std::string& name);
  // A certificate for these hosts, whose common name is the name.
  void Issue(const std::string& authority, const std::string& name,
             const std::vector<std::string>& hosts = {}, bool expired = false);

  std::string certificate(const std::string& name) const { return Path(name, ".pem"); }
  std::string key(const std::string& name) const { return Path(name, ".key"); }

  // The credentials of a client: its certificate authority and its certificate; no certificate for
  // an empty name.
  std::shared_ptr<grpc::ChannelCredentials> Client(const std::string& authority,
                                                   const std::string& name = "") const;

 private:
  std::string Path(const std::string& name, const char* ending) const;
  void Run(std::vector<std::string> arguments);

  const TemporaryDirectory directory_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_CERTIFICATES_H_
