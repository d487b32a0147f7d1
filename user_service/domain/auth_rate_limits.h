#ifndef VIBESTACK_USER_SERVICE_DOMAIN_AUTH_RATE_LIMITS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_AUTH_RATE_LIMITS_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "user_service/domain/failure_counts.h"

namespace vibestack::user_service {

// Limits failed attempts to authenticate. Each attempt is counted before its secret is compared, so
// concurrent attempts cannot exceed a limit. An attempt with the right secret, or without a
// comparison, is not counted afterwards. Failures decay linearly over the window. Three limits
// apply:
//
//   - per account and address: stops an attacker early and does not affect the owner elsewhere;
//   - per address, for all accounts: stops an attacker who tries one password on many accounts;
//   - per account, from all addresses: once it is reached, only addresses without a failure on this
//     account within the window are admitted. So an attacker with many addresses has one attempt
//     from each, and the owner can still log in.
//
// Accounts that do not exist are counted, too, so a refusal does not reveal whether one exists. The
// counts belong to this process and are bounded in memory. Thread-safe.
class AuthRateLimits {
 public:
  struct Options {
    int per_account_and_address = 10;
    int per_address = 100;
    int per_account = 100;
    absl::Duration window = absl::Minutes(10);
    size_t max_counts = 65'536;  // for each of the three limits; some 100 bytes each
  };

  // The account that an attempt is for, and the client's address. They are compared as bytes, so an
  // account must have one spelling. If the account is empty, only the address counts.
  struct Subject {
    std::string account;
    std::string address;
  };

  // The limit that refuses an attempt. kBusy: failures have not reached a limit, but would if the
  // attempts under way failed.
  enum class Verdict { kAdmitted, kBusy, kAccountAndAddress, kAddress, kAccount };
  struct Decision {
    Verdict verdict = Verdict::kAdmitted;
    absl::Duration retry_after;  // until an attempt may be admitted; zero if admitted or busy
  };

  // How an admitted attempt ended.
  enum class Outcome {
    kRight,     // also forgets the failures of this address on this account
    kWrong,     // counts as a failure
    kUntested,  // no secret was compared; does not count
  };

  // `clock` must outlive this.
  AuthRateLimits(Options options, const Clock& clock);

  // Counts the attempt if it is admitted. RecordOutcome must follow exactly once then.
  Decision Admit(const Subject& subject) ABSL_LOCKS_EXCLUDED(mutex_);
  void RecordOutcome(const Subject& subject, Outcome outcome) ABSL_LOCKS_EXCLUDED(mutex_);

  // The number of counts in memory, for the limit that has the most.
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
