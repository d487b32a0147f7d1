#ifndef VIBESTACK_USER_SERVICE_DOMAIN_AUTH_RATE_LIMITS_H_
#define VIBESTACK_USER_SERVICE_DOMAIN_AUTH_RATE_LIMITS_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "user_service/domain/failure_counts.h"

namespace vibestack::user_service {

// Bounds how often secrets can be guessed. An attempt is counted before the secret is compared, so
// that no number of concurrent ones slips past; the count is given back when it was right or was
// never compared. Wrong ones stay, and fade evenly over the window. Three counts bound an attempt:
//
//   - of the account from this address: a guesser stops early, the owner elsewhere is untouched;
//   - of the address, whatever the account: one password is not tried on all accounts;
//   - of the account from everywhere: while it is full, only addresses that got nothing wrong on
//     the account within the window are let in. So a guesser with many addresses has one guess from
//     each, and the owner still gets in.
//
// Accounts count whether they exist or not, so a refusal tells nothing. The counts are of this
// process only, in bounded memory. Thread-safe.
class AuthRateLimits {
 public:
  struct Options {
    int per_account_and_address = 10;
    int per_address = 100;
    int per_account = 100;
    absl::Duration window = absl::Minutes(10);
    size_t max_counts = 65'536;  // of each of the three kinds; some 100 bytes each
  };

  // What is guessed at, from where. Compared as bytes, so an account has one spelling. Without an
  // account only the address is counted.
  struct Subject {
    std::string account;
    std::string address;
  };

  // Which count refuses an attempt. kBusy: none is full of wrong ones, but attempts under way take
  // what is left of one.
  enum class Verdict { kAdmitted, kBusy, kAccountAndAddress, kAddress, kAccount };
  struct Decision {
    Verdict verdict = Verdict::kAdmitted;
    absl::Duration retry_after;  // when one may be admitted; zero if admitted or busy
  };

  // How an admitted attempt ended.
  enum class Outcome {
    kRight,     // also forgives what this address got wrong on the account before
    kWrong,     // stays counted
    kUntested,  // nothing was compared: as if it had not been made
  };

  // `clock` must outlive this.
  AuthRateLimits(Options options, const Clock& clock);

  // Counts the attempt if it is admitted: then Settle must follow, exactly once.
  Decision Admit(const Subject& subject) ABSL_LOCKS_EXCLUDED(mutex_);
  void Settle(const Subject& subject, Outcome outcome) ABSL_LOCKS_EXCLUDED(mutex_);

  // How many counts are kept, of the kind with the most.
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
