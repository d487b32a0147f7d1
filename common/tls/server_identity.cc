#include "common/tls/server_identity.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <string>

namespace vibestack::tls {
namespace {

// How often gRPC reads the files in memory: its minimum.
constexpr unsigned int kGrpcReloadSeconds = 1;

}  // namespace

absl::StatusOr<std::unique_ptr<ServerIdentity>> ServerIdentity::Open(
    const std::optional<Config>& config) {
  if (!config.has_value()) return nullptr;
  std::unique_ptr<ServerIdentity> identity(new ServerIdentity());
  const absl::Status applied = identity->Apply(config->material);
  if (!applied.ok()) return applied;
  const bool mutual = !config->material.authorities.empty();
  const std::string pair = identity->pair_.path();
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          pair, pair, mutual ? identity->authorities_.path() : "", kGrpcReloadSeconds));
  options.watch_identity_key_cert_pairs();
  if (mutual) options.watch_root_certs();
  options.set_cert_request_type(mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                       : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  identity->credentials_ = grpc::experimental::TlsServerCredentials(options);
  identity->watcher_ = std::make_unique<Watcher>(
      *config,
      [identity = identity.get()](const Material& material) { return identity->Apply(material); });
  return identity;
}

absl::Status ServerIdentity::Apply(const Material& material) {
  if (!material.authorities.empty()) {
    const absl::Status replaced = authorities_.Replace(material.authorities);
    if (!replaced.ok()) return replaced;
  }
  // Key and certificates are in one file, because gRPC would read two files one after the other.
  return pair_.Replace(material.chain + "\n" + material.key.Reveal());
}

MetricRegistration RegisterExpiryMetric(Metrics& metrics, const ServerIdentity& identity) {
  return metrics.AddGaugeCallback("vibestack_tls_certificate_not_after_seconds",
                                  "Expiry of the certificate of the gRPC server, in Unix time.", {},
                                  [&identity] { return identity.not_after_seconds(); });
}

}  // namespace vibestack::tls
