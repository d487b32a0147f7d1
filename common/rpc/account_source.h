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

// Looks up the current state of an account, for the check of a token. Thread-safe.
class AccountSource {
 public:
  virtual ~AccountSource() = default;

  // Returns the state of the account; `exists` is false when there is no such account. UNAVAILABLE
  // when the state cannot be read now; the call then fails with that error.
  Task<absl::StatusOr<auth::AccountState>> Find(std::string user_id, absl::Time deadline) {
    return FindSince(std::move(user_id), absl::InfinitePast(), deadline);
  }

  // As Find, but returns a state that was read at `since` or later, never an older cache entry.
  virtual Task<absl::StatusOr<auth::AccountState>> FindSince(std::string user_id, absl::Time since,
                                                             absl::Time deadline) = 0;
};

struct AccountCacheOptions {
  // How long an entry is used without asking the source, from the start of its load. At most one
  // second, so that a ban takes effect everywhere within a second even when its notification is
  // lost.
  absl::Duration ttl = absl::Seconds(1);
  // How long an entry may be used while the source returns UNAVAILABLE.
  absl::Duration stale = absl::Seconds(10);
  // Maximum number of entries.
  size_t capacity = 100'000;
};

// Caches account states for a short time. Change events of users invalidate entries. Thread-safe.
class AccountCache final : public AccountSource {
 public:
  using Loader = std::function<Task<absl::StatusOr<auth::AccountState>>(std::string user_id,
                                                                        absl::Time deadline)>;

  // `clock` must outlive this. `load` reads the state from the source. It is called on any thread,
  // also concurrently.
  AccountCache(AccountCacheOptions options, const Clock& clock, Loader load);

  Task<absl::StatusOr<auth::AccountState>> FindSince(std::string user_id, absl::Time since,
                                                     absl::Time deadline) override;

  // Drops the entry, and does not cache the result of a load in progress. Call it when the user
  // changed.
  void Invalidate(const std::string& user_id);
  // Drops every entry. Call it when change events may have been missed.
  void InvalidateAll();

  // For metrics: look-ups since the start, and the current number of entries.
  struct Stats {
    uint64_t hits = 0;
    uint64_t misses = 0;  // answered by the source, also with an error other than UNAVAILABLE
    uint64_t stale = 0;   // the source was unavailable; an older entry was used
    uint64_t failed = 0;  // the source was unavailable; there was no usable entry
    size_t entries = 0;
  };
  Stats stats() const;

 private:
  struct Entry {
    auth::AccountState state;
    absl::Time loaded_at;  // start of the load: the state is from then or later
  };

  // Copies an entry younger than `age` and loaded at `since` or later to `state`. Returns whether
  // there is one.
  bool Lookup(const std::string& user_id, absl::Duration age, absl::Time since,
              auth::AccountState& state);
  uint64_t generation();
  // Stores an entry, unless something was invalidated since `generation`.
  void Store(const std::string& user_id, const Entry& entry, uint64_t generation);
  void EvictIfFull() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const AccountCacheOptions options_;
  const Clock& clock_;
  const Loader load_;
  std::atomic<uint64_t> hits_{0};
  std::atomic<uint64_t> misses_{0};
  std::atomic<uint64_t> stale_{0};
  std::atomic<uint64_t> failed_{0};
  mutable absl::Mutex mutex_;
  std::unordered_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  // Number of invalidations. A load that started before the last invalidation may return an older
  // state.
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_ACCOUNT_SOURCE_H_
