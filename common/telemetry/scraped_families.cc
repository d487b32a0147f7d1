#include "common/telemetry/scraped_families.h"

#include "common/base/exception.h"

namespace vibestack {

uint64_t ScrapedFamilies::Add(const std::string& name, const std::string& help,
                              prometheus::MetricType type, Source source) {
  absl::MutexLock lock(&mutex_);
  const uint64_t id = next_id_++;
  auto [family, added] = families_.try_emplace(name, Family{help, type, {}});
  family->second.sources.emplace(id, std::move(source));
  return id;
}

void ScrapedFamilies::Remove(uint64_t id) {
  absl::MutexLock lock(&mutex_);
  for (auto& [name, family] : families_) family.sources.erase(id);
}

std::vector<prometheus::MetricFamily> ScrapedFamilies::Collect() const {
  std::vector<prometheus::MetricFamily> collected;
  absl::MutexLock lock(&mutex_);
  for (const auto& [name, family] : families_) {
    prometheus::MetricFamily out{name, family.help, family.type, {}};
    for (const auto& [id, source] : family.sources) {
      CatchAll([&] { source(out.metric); });
    }
    if (!out.metric.empty()) collected.push_back(std::move(out));
  }
  return collected;
}

std::vector<prometheus::ClientMetric::Label> ToSeriesLabels(const prometheus::Labels& labels) {
  std::vector<prometheus::ClientMetric::Label> series;
  for (const auto& [name, value] : labels) series.push_back({name, value});
  return series;
}

}  // namespace vibestack
