#include "user_service/domain/auth_rate_limits.h"

#include <openssl/sha.h>

#include <algorithm>

namespace vibestack::user_service {
namespace {

// Keys are digests, so that no email stays in memory and all keys have the same size.
FailureCounts::Key Digest(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  FailureCounts::Key key;
  std::copy_n(digest, key.size(), key.begin());
  return key;
}

}  // namespace

struct AuthRateLimits::Keys {
  explicit Keys(const Subject& subject)
      : has_account(!subject.account.empty()),
        pair(Digest(subject.address + '\0' + subject.account)),
        address(Digest(subject.address)),
        account(Digest(subject.account)) {}

  bool has_account;
  FailureCounts::Key pair;
  FailureCounts::Key address;
  FailureCounts::Key account;
};

AuthRateLimits::AuthRateLimits(Options options, const Clock& clock)
    : clock_(clock),
      pairs_(options.per_account_and_address, options.window, options.max_counts),
      addresses_(options.per_address, options.window, options.max_counts),
      accounts_(options.per_account, options.window, options.max_counts) {}

AuthRateLimits::Decision AuthRateLimits::Judge(const Keys& keys, absl::Time now) {
  constexpr absl::Duration kNone = absl::ZeroDuration();
  const FailureCounts::Wait address = addresses_.WaitFor(keys.address, now);
  if (address.if_not > kNone) return {Verdict::kAddress, address.if_not};
  bool busy = address.if_they_fail > kNone;
  if (keys.has_account) {
    const FailureCounts::Wait pair = pairs_.WaitFor(keys.pair, now);
    if (pair.if_not > kNone) return {Verdict::kAccountAndAddress, pair.if_not};
    const FailureCounts::Wait account = accounts_.WaitFor(keys.account, now);
    const absl::Duration since_failure = pairs_.SinceFailure(keys.pair, now);
    if (since_failure > kNone && account.if_not > kNone) {
      return {Verdict::kAccount, std::min(account.if_not, since_failure)};
    }
    busy |= pair.if_they_fail > kNone || (since_failure > kNone && account.if_they_fail > kNone);
  }
  return {busy ? Verdict::kBusy : Verdict::kAdmitted, kNone};
}

AuthRateLimits::Decision AuthRateLimits::Admit(const Subject& subject) {
  const Keys keys(subject);
  const absl::Time now = clock_.Now();
  absl::MutexLock lock(&mutex_);
  const Decision decision = Judge(keys, now);
  if (decision.verdict != Verdict::kAdmitted) return decision;
  addresses_.Begin(keys.address, now);
  if (keys.has_account) {
    pairs_.Begin(keys.pair, now);
    accounts_.Begin(keys.account, now);
  }
  return decision;
}

void AuthRateLimits::RecordOutcome(const Subject& subject, Outcome outcome) {
  const Keys keys(subject);
  const absl::Time now = clock_.Now();
  const bool failed = outcome == Outcome::kWrong;
  absl::MutexLock lock(&mutex_);
  addresses_.End(keys.address, now, failed);
  if (!keys.has_account) return;
  pairs_.End(keys.pair, now, failed);
  accounts_.End(keys.account, now, failed);
  if (outcome == Outcome::kRight) pairs_.Forgive(keys.pair);
}

size_t AuthRateLimits::size() const {
  absl::MutexLock lock(&mutex_);
  return std::max({pairs_.size(), addresses_.size(), accounts_.size()});
}

}  // namespace vibestack::user_service
