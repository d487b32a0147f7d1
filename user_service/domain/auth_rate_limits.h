#ifndef VIBESTACK_USER_SERVICE_DOMAIN_AUTH_RATE_LIMITS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_AUTH_RATE_LIMITS_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "user_service/domain/failure_counts.h"

namespace vibestack::user_service {

// Limits failed attempts to authenticate. Each attempt counts from before its secret is compared,
// so concurrent attempts cannot exceed a limit. When it ends, it goes on counting only if the
// secret was wrong. Failures decay linearly over the window. Three limits apply:
//
//   - per account and address: stops an attacker early, and does not affect the account's owner at
//     another address;
//   - per address, over all accounts: stops an attacker who tries one password on many accounts;
//   - per account, over all addresses: above this limit only addresses without a failure on this
//     account within the window are admitted. So each of an attacker's addresses has one attempt,
//     and the owner can still log in.
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

  // Why an attempt is refused: by which limit, or kBusy. kBusy means that no limit is reached now,
  // but would be if all attempts under way failed; ask again when one has ended.
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
