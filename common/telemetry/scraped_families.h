#ifndef VIBESTACK_COMMON_TELEMETRY_SCRAPED_FAMILIES_H_
#define VIBESTACK_COMMON_TELEMETRY_SCRAPED_FAMILIES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "prometheus/collectable.h"
#include "prometheus/labels.h"
#include "prometheus/metric_family.h"

namespace vibestack {

// Metrics that are computed when Prometheus asks, so that nothing need be done meanwhile.
// Thread-safe.
class ScrapedFamilies final : public prometheus::Collectable {
 public:
  // Appends a source's series. Runs on the metrics server's thread with this object's lock held.
  using Source = std::function<void(std::vector<prometheus::ClientMetric>&)>;

  // Adds a source to the family `name`; the first one decides on its help and type.
  uint64_t Add(const std::string& name, const std::string& help, prometheus::MetricType type,
               Source source);
  // Returns when the source does not run and never will.
  void Remove(uint64_t id);

  // Families without series are left out.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Family {
    std::string help;
    prometheus::MetricType type;
    std::map<uint64_t, Source> sources;
  };

  mutable absl::Mutex mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<std::string, Family> families_ ABSL_GUARDED_BY(mutex_);
};

// Keeps a source in its family; the source goes with it. Destroy it before what the source reads,
// and never while holding a lock that the source takes. Movable, and empty when default-made.
class [[nodiscard]] MetricRegistration {
 public:
  MetricRegistration() = default;
  MetricRegistration(std::shared_ptr<ScrapedFamilies> families, uint64_t id)
      : families_(std::move(families)), id_(id) {}
  MetricRegistration(MetricRegistration&&) = default;
  MetricRegistration& operator=(MetricRegistration&& other) noexcept {
    std::swap(families_, other.families_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~MetricRegistration() {
    if (families_ != nullptr) families_->Remove(id_);
  }

 private:
  std::shared_ptr<ScrapedFamilies> families_;
  uint64_t id_ = 0;
};

// `labels` as the series of a Collectable want them.
std::vector<prometheus::ClientMetric::Label> ToSeriesLabels(const prometheus::Labels& labels);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_SCRAPED_FAMILIES_H_
