#ifndef VIBESTACK_USER_SERVICE_DOMAIN_AUTH_RATE_LIMITS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_AUTH_RATE_LIMITS_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/auth/lru_map.h"
#include "common/base/clock.h"

namespace vibestack::user_service {

// The counts of one limit of AuthRateLimits (below). Counts, for each key, the attempts under way
// and the failures. Failures decay linearly: `limit` failures in one `window`. A key without any of
// them uses no memory. Beyond `max_keys` keys, the least recently used key is dropped. Not
// thread-safe.
class FailureCounts {
 public:
  using Key = std::array<uint8_t, 16>;

  FailureCounts(int limit, absl::Duration window, size_t max_keys)
      : limit_(limit), window_(window), counts_(max_keys) {}

  // The wait until one more attempt is within the limit: if all attempts under way fail, and if all
  // of them succeed. Zero: it is within the limit now.
  struct Wait {
    absl::Duration if_pending_fail;
    absl::Duration if_pending_succeed;
  };
  Wait WaitFor(const Key& key, absl::Time now);

  // How long until the last failure is older than the window; zero if there is none. An attempt
  // under way counts as a failure at `now`.
  absl::Duration UntilLastFailureExpires(const Key& key, absl::Time now);

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

// Limits failed attempts to authenticate. Each attempt counts from before its secret is compared,
// so concurrent attempts cannot exceed a limit. When it ends, it goes on counting only if the
// secret was wrong. Failures decay linearly over the window.
//
// Three limits apply. Admit checks them in this order, and the first limit that is reached refuses
// the attempt:
//
//   1. per address, over all accounts: stops an attacker who tries one password on many accounts;
//   2. per account and address: stops an attacker early, and does not affect the account's owner at
//      another address;
//   3. per account, over all addresses: above this limit, an address is admitted only if it has no
//      recent failure on this account. So each of an attacker's addresses has one attempt,
//      and the owner can still log in.
//
// An attempt is kBusy if a limit would refuse it only if the attempts under way failed. The caller
// then waits until one of them has ended, and asks again.
//
// Attempts on accounts that do not exist count, too, so a refusal does not reveal whether an
// account exists. The counts are local to this process and bounded in memory. Thread-safe.
class AuthRateLimits {
 public:
  struct Options {
    int per_account_and_address = 10;
    int per_address = 100;
    int per_account = 100;
    absl::Duration window = absl::Minutes(10);
    size_t max_counts = 65'536;  // for each of the three limits; some 100 bytes each
  };

  // The account that an attempt is for, and the client's address. Both are compared byte by byte,
  // so normalize them. If `account` is empty, only the limit per address applies.
  struct Subject {
    std::string account;
    std::string address;
  };

  // Admitted, busy (see above), or the limit that refuses the attempt.
  enum class Verdict { kAdmitted, kBusy, kAccountAndAddress, kAddress, kAccount };
  struct Decision {
    Verdict verdict = Verdict::kAdmitted;
    absl::Duration retry_after;  // the earliest time to try again; zero for kAdmitted and kBusy
  };

  // How an admitted attempt ended.
  enum class Outcome {
    kRight,     // the secret was right; clears the failures of this address on this account
    kWrong,     // the secret was wrong; counts as a failure
    kUntested,  // no secret was compared; does not count
  };

  // `clock` must outlive this.
  AuthRateLimits(Options options, const Clock& clock);

  // Decides about an attempt, and counts it if it is admitted. After kAdmitted, the caller must
  // call RecordOutcome exactly once.
  Decision Admit(const Subject& subject) ABSL_LOCKS_EXCLUDED(mutex_);
  void RecordOutcome(const Subject& subject, Outcome outcome) ABSL_LOCKS_EXCLUDED(mutex_);

  // The number of counts in memory, of the limit that has the most.
  size_t size() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Keys;
  Decision Judge(const Keys& keys, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  mutable absl::Mutex mutex_;
  FailureCounts pairs_ ABSL_GUARDED_BY(mutex_);
  FailureCounts addresses_ ABSL_GUARDED_BY(mutex_);
  FailureCounts accounts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_DOMAIN_AUTH_RATE_LIMITS_H_
