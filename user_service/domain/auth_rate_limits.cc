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

FailureCounts::Wait FailureCounts::WaitFor(const Key& key, absl::Time now) {
  const Count count = Look(key, now);
  const double excess = count.failed + 1 - limit_;
  return {FadeTime(excess + count.under_way), FadeTime(excess)};
}

absl::Duration FailureCounts::UntilLastFailureExpires(const Key& key, absl::Time now) {
  const Count count = Look(key, now);
  const absl::Time last = count.under_way > 0 ? now : count.last_failure;
  return std::max(last + window_ - now, absl::ZeroDuration());
}

void FailureCounts::Begin(const Key& key, absl::Time now) {
  Count count = Look(key, now);
  ++count.under_way;
  Keep(key, count);
}

void FailureCounts::End(const Key& key, absl::Time now, bool failed) {
  Count count = Look(key, now);
  count.under_way = std::max(count.under_way - 1, 0);  // the key may have been dropped meanwhile
  if (failed) {
    count.failed = std::min(count.failed + 1, static_cast<double>(limit_));
    count.last_failure = now;
  }
  Keep(key, count);
}

void FailureCounts::Forgive(const Key& key) {
  Count* count = counts_.Find(key);
  if (count == nullptr) return;
  Count forgiven;
  forgiven.under_way = count->under_way;
  forgiven.faded_at = count->faded_at;
  Keep(key, forgiven);
}

FailureCounts::Count FailureCounts::Look(const Key& key, absl::Time now) {
  const Count* found = counts_.Find(key);
  Count count = found == nullptr ? Count() : *found;
  const absl::Duration passed = found == nullptr ? absl::ZeroDuration() : now - count.faded_at;
  const double faded = absl::FDivDuration(passed, window_) * limit_;
  count.failed = std::max(count.failed - std::max(faded, 0.0), 0.0);
  count.faded_at = now;
  if (now - count.last_failure >= window_) count.last_failure = absl::InfinitePast();
  return count;
}

void FailureCounts::Keep(const Key& key, const Count& count) {
  const bool is_empty = count.under_way == 0 && count.failed <= 0;
  if (is_empty && count.last_failure == absl::InfinitePast()) {
    counts_.Erase(key);
  } else {
    counts_.Put(key, count);
  }
}

absl::Duration FailureCounts::FadeTime(double excess) const {
  return excess <= 0 ? absl::ZeroDuration() : window_ * (excess / limit_);
}

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
  if (address.if_pending_succeed > kNone) return {Verdict::kAddress, address.if_pending_succeed};
  bool busy = address.if_pending_fail > kNone;
  if (keys.has_account) {
    const FailureCounts::Wait pair = pairs_.WaitFor(keys.pair, now);
    if (pair.if_pending_succeed > kNone)
      return {Verdict::kAccountAndAddress, pair.if_pending_succeed};
    const FailureCounts::Wait account = accounts_.WaitFor(keys.account, now);
    const absl::Duration until_expiry = pairs_.UntilLastFailureExpires(keys.pair, now);
    if (until_expiry > kNone && account.if_pending_succeed > kNone) {
      return {Verdict::kAccount, std::min(account.if_pending_succeed, until_expiry)};
    }
    busy |=
        pair.if_pending_fail > kNone || (until_expiry > kNone && account.if_pending_fail > kNone);
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
