#include "common/tls/watcher.h"

#include <string>
#include <utility>

#include "common/telemetry/log.h"

namespace vibestack::tls {
namespace {

// What is left of the period for those who are told.
constexpr absl::Duration kReserve = absl::Seconds(1);

double Seconds(const Material& material) {
  return absl::ToDoubleSeconds(material.not_after - absl::UnixEpoch());
}

}  // namespace

Watcher::Watcher(Config config, std::function<void(const Material&)> on_change)
    : config_(std::move(config)),
      on_change_(std::move(on_change)),
      not_after_seconds_(Seconds(config_.material)),
      looks_(config_.reload - kReserve, [this] { Look(); }) {}

void Watcher::Look() {
  absl::StatusOr<Material> material = ReadMaterial(config_.files);
  if (!material.ok()) {
    if (!failing_) {
      Log(LogLevel::kError, "tls_not_reloaded", {{"message", material.status().message()}});
    }
    failing_ = true;
    return;
  }
  failing_ = false;
  if (*material == config_.material) return;
  on_change_(*material);
  not_after_seconds_ = Seconds(*material);
  const PemFile& named = config_.files.certificate.path.empty() ? config_.files.authorities
                                                                : config_.files.certificate;
  Log(LogLevel::kInfo, "tls_reloaded",
      {{"flag", named.flag},
       {"subject", material->subject},
       {"serial", material->serial},
       {"not_after",
        absl::FormatTime(absl::RFC3339_sec, material->not_after, absl::UTCTimeZone())}});
  config_.material = *std::move(material);
}

}  // namespace vibestack::tls
