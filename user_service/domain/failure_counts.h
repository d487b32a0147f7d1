#ifndef VIBESTACK_USER_SERVICE_DOMAIN_FAILURE_COUNTS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_FAILURE_COUNTS_H_

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "common/auth/lru_map.h"

namespace vibestack::user_service {

// Counts, for each key, the attempts under way and the failures. Failures decay linearly: `limit`
// failures in one `window`. A key without any of them uses no memory. Beyond `max_keys` keys, the
// least recently used key is dropped. Not thread-safe.
class FailureCounts {
 public:
  using Key = std::array<uint8_t, 16>;

  FailureCounts(int limit, absl::Duration window, size_t max_keys)
      : limit_(limit), window_(window), counts_(max_keys) {}

  // How long until one more attempt is within the limit, in two cases: all attempts under way fail,
  // or none does. Zero: it is within the limit now.
  struct Wait {
    absl::Duration if_they_fail;
    absl::Duration if_not;
  };
  Wait WaitFor(const Key& key, absl::Time now);

  // How long until the last failure is older than the window; zero if there is none. An attempt
  // under way counts as a failure at `now`.
  absl::Duration SinceFailure(const Key& key, absl::Time now);

  // An attempt begins, and ends. Each Begin() needs one End().
  void Begin(const Key& key, absl::Time now);
  void End(const Key& key, absl::Time now, bool failed);

  // Clears the failures of the key; attempts under way stay.
  void Forgive(const Key& key);

  size_t size() const { return counts_.size(); }

 private:
  struct Count {
    int under_way = 0;
    double failed = 0;  // the decayed number of failures at `faded_at`
    absl::Time faded_at;
    absl::Time last_failure = absl::InfinitePast();
  };

  // The count of a key, decayed to `now`; an empty count for an unknown key.
  Count Look(const Key& key, absl::Time now);
  // Stores a count; an empty count removes the key.
  void Keep(const Key& key, const Count& count);
  // How long `excess` failures take to decay; zero if `excess` is negative.
  absl::Duration FadeTime(double excess) const;

  const int limit_;
  const absl::Duration window_;
  auth::LruMap<Key, Count> counts_;
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_FAILURE_COUNTS_H_
