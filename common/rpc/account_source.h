#ifndef VIBESTACK_COMMON_RPC_ACCOUNT_SOURCE_H_
#define VIBESTACK_COMMON_RPC_ACCOUNT_SOURCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/async/task.h"
#include "common/auth/account.h"
#include "common/base/clock.h"

namespace vibestack::rpc {

// Tells the present state of an account, by which a token is checked. Thread-safe.
class AccountSource {
 public:
  virtual ~AccountSource() = default;

  // The account's state; `exists` is false where there is none. UNAVAILABLE when it cannot be told
  // now: callers are then refused, never let in.
  Task<absl::StatusOr<auth::AccountState>> Find(std::string user_id, absl::Time deadline) {
    return FindSince(std::move(user_id), absl::InfinitePast(), deadline);
  }

  // The same, as it was at `since` or later: what is remembered from before does not count.
  virtual Task<absl::StatusOr<auth::AccountState>> FindSince(std::string user_id, absl::Time since,
                                                             absl::Time deadline) = 0;
};

struct AccountCacheOptions {
  // How long an answer counts without asking again. At most a second, so that a ban holds
  // everywhere within a second even where its notification is lost.
  absl::Duration ttl = absl::Seconds(1);
  // How long an answer that nothing invalidated may serve while the source is UNAVAILABLE.
  absl::Duration stale = absl::Seconds(10);
  // Accounts kept at most.
  size_t capacity = 100'000;
};

// Keeps what another source said for a short time. Notifications of changed users invalidate it.
class AccountCache final : public AccountSource {
 public:
  using Loader = std::function<Task<absl::StatusOr<auth::AccountState>>(std::string user_id,
                                                                        absl::Time deadline)>;

  AccountCache(AccountCacheOptions options, const Clock& clock, Loader load);

  Task<absl::StatusOr<auth::AccountState>> FindSince(std::string user_id, absl::Time since,
                                                     absl::Time deadline) override;

  // This user changed: what was loaded, and what is being loaded now, is not kept.
  void Invalidate(const std::string& user_id);
  // News may have been missed: forgets everything.
  void InvalidateAll();

  // For metrics: counts from the start, and the accounts that are kept now.
  struct Stats {
    uint64_t hits = 0;
    uint64_t misses = 0;  // asked of the source, which answered, or had no answer to give
    uint64_t stale = 0;   // the source was away and an older answer served
    uint64_t failed = 0;  // the source was away and there was none
    size_t entries = 0;
  };
  Stats stats() const;

 private:
  struct Entry {
    auth::AccountState state;
    absl::Time loaded_at;  // When it was asked for: it is as it was then, or later.
  };

  // The entry if it is younger than `age` and not from before `since`.
  bool Lookup(const std::string& user_id, absl::Duration age, absl::Time since,
              auth::AccountState& state);
  uint64_t generation();
  // Keeps an entry unless something was invalidated since `generation`.
  void Keep(const std::string& user_id, const Entry& entry, uint64_t generation);
  void MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const AccountCacheOptions options_;
  const Clock& clock_;
  const Loader load_;
  std::atomic<uint64_t> hits_{0};
  std::atomic<uint64_t> misses_{0};
  std::atomic<uint64_t> stale_{0};
  std::atomic<uint64_t> failed_{0};
  mutable absl::Mutex mutex_;
  std::unordered_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  // Counts invalidations: an answer that was on its way when one came may be from before it.
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_ACCOUNT_SOURCE_H_
