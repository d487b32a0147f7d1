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

// Metrics that are computed at each scrape. Thread-safe.
class ScrapedFamilies final : public prometheus::Collectable {
 public:
  // Appends the series of a source. Runs on the thread of the HTTP server, with the lock of this
  // object held.
  using Source = std::function<void(std::vector<prometheus::ClientMetric>&)>;

  // Adds a source to the family `name`. The first source determines help and type.
  uint64_t Add(const std::string& name, const std::string& help, prometheus::MetricType type,
               Source source);
  // Waits for a running source; afterwards the source never runs again.
  void Remove(uint64_t id);

  // Omits families without series.
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

// Owns a source of a family; its destructor removes the source. Destroy it before the objects that
// the source reads, and never while you hold a lock that the source takes. Movable; a
// default-constructed one is empty.
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

// Converts labels to the type that a Collectable uses.
std::vector<prometheus::ClientMetric::Label> ToSeriesLabels(const prometheus::Labels& labels);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_SCRAPED_FAMILIES_H_
