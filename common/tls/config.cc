#include "common/tls/config.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/config/checks.h"
#include "common/config/flag.h"

VIBESTACK_FLAG(kTls, std::string, tls_cert, "",
               "PEM file with the server certificate, followed by its intermediate certificates. "
               "Without it the service serves gRPC in plaintext.");
VIBESTACK_FLAG(kTls, std::string, tls_key, "", "PEM file with the private key of --tls_cert.");
VIBESTACK_FLAG(kTls, std::string, tls_client_ca, "",
               "PEM file with certificate authorities. With it, every client must show a "
               "certificate that one of them signed (mutual TLS).");
VIBESTACK_FLAG(kTls, absl::Duration, tls_reload, absl::Seconds(10),
               "How soon the service uses certificates, keys and authorities that change on disk. "
               "2s to 24h.");

namespace vibestack::tls {
namespace {

absl::StatusOr<std::optional<Config>> ReadConfig(Files files) {
  const absl::Duration reload = absl::GetFlag(FLAGS_tls_reload);
  const absl::Status checked = CheckRange("tls_reload", reload, absl::Seconds(2), absl::Hours(24));
  if (!checked.ok()) return checked;
  const bool any = !files.certificate.path.empty() || !files.authorities.path.empty();
  if (!any) return std::optional<Config>();
  absl::StatusOr<Material> material = ReadMaterial(files);
  if (!material.ok()) return material.status();
  return Config{std::move(files), *std::move(material), reload};
}

// Refuses `file` without `needed`.
absl::Status CheckNeed(const PemFile& file, const PemFile& needed) {
  if (file.path.empty() || !needed.path.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", file.flag, " is given without --", needed.flag));
}

}  // namespace

absl::StatusOr<std::optional<Config>> ReadServerConfig() {
  Files files{.certificate = {"tls_cert", absl::GetFlag(FLAGS_tls_cert)},
              .key = {"tls_key", absl::GetFlag(FLAGS_tls_key)},
              .authorities = {"tls_client_ca", absl::GetFlag(FLAGS_tls_client_ca)}};
  for (const PemFile& file : {files.key, files.authorities}) {
    const absl::Status needed = CheckNeed(file, files.certificate);
    if (!needed.ok()) return needed;
  }
  return ReadConfig(std::move(files));
}

absl::StatusOr<std::optional<Config>> ReadClientConfig(Files files) {
  for (const PemFile& file : {files.certificate, files.key}) {
    const absl::Status needed = CheckNeed(file, files.authorities);
    if (!needed.ok()) return needed;
  }
  return ReadConfig(std::move(files));
}

}  // namespace vibestack::tls
