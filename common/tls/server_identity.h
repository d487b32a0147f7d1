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

// What a server proves itself with, kept up with the files. TLS 1.2 and 1.3; with authorities every
// client must show a certificate of theirs. Connections keep what they began with.
//
// gRPC 1.51 can read such files itself, but takes a key that does not fit its certificate, at
// which it frees its state and serves nobody. So it reads from memory what was checked before.
class ServerIdentity {
 public:
  // Null without a config. INTERNAL when the system lacks what it takes.
  static absl::StatusOr<std::unique_ptr<ServerIdentity>> Open(const std::optional<Config>& config);

  // For one or more servers; they may outlive this.
  const std::shared_ptr<grpc::ServerCredentials>& credentials() const { return credentials_; }

  // As Watcher has it.
  double not_after_seconds() const { return watcher_->not_after_seconds(); }

  // No more looks at the files. May be called twice.
  void Stop() { watcher_->Stop(); }

 private:
  ServerIdentity() = default;
  absl::Status Take(const Material& material);

  MemoryFile pair_;
  MemoryFile authorities_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::unique_ptr<Watcher> watcher_;
};

// Shows when the certificate expires, as a metric. The identity must outlive it.
MetricRegistration RegisterExpiryMetric(Metrics& metrics, const ServerIdentity& identity);

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_SERVER_IDENTITY_H_
