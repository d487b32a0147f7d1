#ifndef VIBESTACK_USER_SERVICE_DOMAIN_FAILURE_COUNTS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_FAILURE_COUNTS_H_

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "common/auth/lru_map.h"

namespace vibestack::user_service {

// Counts attempts by key: those under way, and those that failed, which fade evenly, `limit` of
// them in one `window`. A count without either takes no room. Of more than `max_keys` the one used
// longest ago is forgotten. Not thread-safe.
class FailureCounts {
 public:
  using Key = std::array<uint8_t, 16>;

  FailureCounts(int limit, absl::Duration window, size_t max_keys)
      : limit_(limit), window_(window), counts_(max_keys) {}

  // How long until one more attempt keeps to the limit: if those under way fail, or if they do not.
  // Zero when it does now.
  struct Wait {
    absl::Duration if_they_fail;
    absl::Duration if_not;
  };
  Wait WaitFor(const Key& key, absl::Time now);

  // How long until the last failure is a window ago; zero when none is remembered. An attempt under
  // way counts as one that fails now.
  absl::Duration SinceFailure(const Key& key, absl::Time now);

  void Begin(const Key& key, absl::Time now);
  void End(const Key& key, absl::Time now, bool failed);

  // Forgets the failures of the key.
  void Forgive(const Key& key);

  size_t size() const { return counts_.size(); }

 private:
  struct Count {
    int under_way = 0;
    double failed = 0;  // at `faded_at`
    absl::Time faded_at;
    absl::Time last_failure = absl::InfinitePast();
  };

  // The count as it is now; an empty one where there is none.
  Count Look(const Key& key, absl::Time now);
  void Keep(const Key& key, const Count& count);
  // Until `excess` failures have faded.
  absl::Duration FadeTime(double excess) const;

  const int limit_;
  const absl::Duration window_;
  auth::LruMap<Key, Count> counts_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_FAILURE_COUNTS_H_
