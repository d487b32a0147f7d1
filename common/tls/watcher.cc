#include "common/tls/watcher.h"

#include <string>
#include <utility>

#include "common/telemetry/log.h"

namespace vibestack::tls {
namespace {

// The part of the period that is left for applying the change.
constexpr absl::Duration kReserve = absl::Seconds(1);

double Seconds(const Material& material) {
  return absl::ToDoubleSeconds(material.not_after - absl::UnixEpoch());
}

}  // namespace

Watcher::Watcher(Config config, OnChange on_change)
    : config_(std::move(config)),
      on_change_(std::move(on_change)),
      not_after_seconds_(Seconds(config_.material)),
      polls_(config_.reload - kReserve, [this] { Poll(); }) {}

void Watcher::Poll() {
  const absl::StatusOr<Material> material = ReadMaterial(config_.files);
  const absl::Status applied = material.ok() ? Apply(*material) : material.status();
  if (!applied.ok() && !failing_) {
    Log(LogLevel::kError, "tls_not_reloaded", {{"message", applied.message()}});
  }
  failing_ = !applied.ok();
}

absl::Status Watcher::Apply(const Material& material) {
  if (material == config_.material) return absl::OkStatus();
  const absl::Status applied = on_change_(material);
  if (!applied.ok()) return applied;
  not_after_seconds_ = Seconds(material);
  const PemFile& named = config_.files.certificate.path.empty() ? config_.files.authorities
                                                                : config_.files.certificate;
  Log(LogLevel::kInfo, "tls_reloaded",
      {{"flag", named.flag},
       {"subject", material.subject},
       {"serial", material.serial},
       {"not_after",
        absl::FormatTime(absl::RFC3339_sec, material.not_after, absl::UTCTimeZone())}});
  config_.material = material;
  return absl::OkStatus();
}

}  // namespace vibestack::tls
