#ifndef VIBESTACK_USER_SERVICE_DOMAIN_FAILURE_COUNTS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_FAILURE_COUNTS_H_

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "common/auth/lru_map.h"

namespace vibestack::user_service {

// Counts attempts by key: those under way, and failures, which decay linearly (`limit` failures in
// one `window`). A key without either uses no memory. With more than `max_keys` keys, the least
// recently used one is forgotten. Not thread-safe.
class FailureCounts {
 public:
  using Key = std::array<uint8_t, 16>;

  FailureCounts(int limit, absl::Duration window, size_t max_keys)
      : limit_(limit), window_(window), counts_(max_keys) {}

  // How long until one more attempt is within the limit, if the attempts under way fail or if they
  // do not. Zero: now.
  struct Wait {
    absl::Duration if_they_fail;
    absl::Duration if_not;
  };
  Wait WaitFor(const Key& key, absl::Time now);

  // How long until the last failure is older than the window; zero if there is none. An attempt
  // under way counts as a failure now.
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
  // The time in which `excess` failures decay.
  absl::Duration FadeTime(double excess) const;

  const int limit_;
  const absl::Duration window_;
  auth::LruMap<Key, Count> counts_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_FAILURE_COUNTS_H_
