#include "common/rpc/account_source.h"

#include <utility>

namespace vibestack::rpc {

AccountCache::AccountCache(AccountCacheOptions options, const Clock& clock, Loader load)
    : options_(options), clock_(clock), load_(std::move(load)) {}

Task<absl::StatusOr<auth::AccountState>> AccountCache::FindSince(std::string user_id,
                                                                 absl::Time since,
                                                                 absl::Time deadline) {
  auth::AccountState state;
  if (Lookup(user_id, options_.ttl, since, state)) {
    hits_.fetch_add(1, std::memory_order_relaxed);
    co_return state;
  }
  const uint64_t generation_before = generation();
  const absl::Time began = clock_.Now();
  absl::StatusOr<auth::AccountState> loaded = co_await load_(user_id, deadline);
  if (loaded.ok()) {
    misses_.fetch_add(1, std::memory_order_relaxed);
    Store(user_id, {*loaded, began}, generation_before);
    co_return loaded;
  }
  if (absl::IsUnavailable(loaded.status()) && Lookup(user_id, options_.stale, since, state)) {
    stale_.fetch_add(1, std::memory_order_relaxed);
    co_return state;
  }
  (absl::IsUnavailable(loaded.status()) ? failed_ : misses_)
      .fetch_add(1, std::memory_order_relaxed);
  co_return loaded.status();
}

void AccountCache::Invalidate(const std::string& user_id) {
  absl::MutexLock lock(&mutex_);
  ++generation_;
  entries_.erase(user_id);
}

void AccountCache::InvalidateAll() {
  absl::MutexLock lock(&mutex_);
  ++generation_;
  entries_.clear();
}

AccountCache::Stats AccountCache::stats() const {
  absl::MutexLock lock(&mutex_);
  return {hits_, misses_, stale_, failed_, entries_.size()};
}

bool AccountCache::Lookup(const std::string& user_id, absl::Duration age, absl::Time since,
                          auth::AccountState& state) {
  absl::MutexLock lock(&mutex_);
  const auto it = entries_.find(user_id);
  if (it == entries_.end() || it->second.loaded_at < since) return false;
  if (clock_.Now() - it->second.loaded_at >= age) return false;
  state = it->second.state;
  return true;
}

uint64_t AccountCache::generation() {
  absl::MutexLock lock(&mutex_);
  return generation_;
}

void AccountCache::Store(const std::string& user_id, const Entry& entry, uint64_t generation) {
  absl::MutexLock lock(&mutex_);
  if (generation != generation_) return;
  EvictIfFull();
  entries_[user_id] = entry;
}

void AccountCache::EvictIfFull() {
  if (entries_.size() < options_.capacity) return;
  const absl::Time oldest = clock_.Now() - options_.stale;
  std::erase_if(entries_, [oldest](const auto& entry) { return entry.second.loaded_at < oldest; });
  // Still full of fresh entries: drop an arbitrary half. That costs one look-up for each.
  if (entries_.size() < options_.capacity) return;
  size_t excess = entries_.size() / 2;
  for (auto it = entries_.begin(); excess > 0; --excess) it = entries_.erase(it);
}

}  // namespace vibestack::rpc
