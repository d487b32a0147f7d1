#ifndef VIBESTACK_COMMON_TLS_SERVER_IDENTITY_H_
#define VIBESTACK_COMMON_TLS_SERVER_IDENTITY_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "common/telemetry/metrics.h"
#include "common/tls/config.h"
#include "common/tls/memory_file.h"
#include "common/tls/watcher.h"

namespace vibestack::tls {

// The TLS certificate of a server, reloaded when its files change. TLS 1.2 and 1.3. With
// `authorities` (mutual TLS), every client must present a certificate that they signed. Existing
// connections keep their certificate.
//
// gRPC 1.51 can read such files itself, but it accepts a key that does not belong to the
// certificate, and then serves no client. So this class checks the files and passes them to gRPC in
// memory.
class ServerIdentity {
 public:
  // Null without a config. INTERNAL when the system cannot create files in memory.
  static absl::StatusOr<std::unique_ptr<ServerIdentity>> Open(const std::optional<Config>& config);

  // For any number of servers, which may outlive this.
  const std::shared_ptr<grpc::ServerCredentials>& credentials() const { return credentials_; }

  // As Watcher::not_after_seconds.
  double not_after_seconds() const { return watcher_->not_after_seconds(); }

  // Stops reloading. May be called twice.
  void Stop() { watcher_->Stop(); }

 private:
  ServerIdentity() = default;
  absl::Status Apply(const Material& material);

  MemoryFile pair_;
  MemoryFile authorities_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<Watcher> watcher_;
};

// Registers the metric of the certificate's expiry. The identity must outlive the registration.
MetricRegistration RegisterExpiryMetric(Metrics& metrics, const ServerIdentity& identity);

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_SERVER_IDENTITY_H_
