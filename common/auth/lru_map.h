#ifndef VIBESTACK_COMMON_AUTH_LRU_MAP_H_
#define VIBESTACK_COMMON_AUTH_LRU_MAP_H_

#include <cstddef>
#include <list>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace vibestack::auth {

// A map of at most `capacity` entries that evicts the least recently used one. Not thread-safe.
template <typename Key, typename Value>
class LruMap {
 public:
  explicit LruMap(size_t capacity) : capacity_(capacity) {}

  // Returns the value and marks it as used; null without one. The pointer is valid until the next
  // Put or Erase.
  Value* Find(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  void Put(const Key& key, Value value) {
    if (Value* present = Find(key)) {
      *present = std::move(value);
      return;
    }
    if (capacity_ == 0) return;
    if (entries_.size() >= capacity_) Erase(entries_.back().first);
    entries_.emplace_front(key, std::move(value));
    index_.emplace(key, entries_.begin());
  }

  void Erase(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    const auto entry = found->second;  // `key` may be part of it, so erase it last
    index_.erase(found);
    entries_.erase(entry);
  }

  size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<Key, Value>>;

  const size_t capacity_;
  Entries entries_;  // most recently used first
  absl::flat_hash_map<Key, typename Entries::iterator> index_;
};

}  // namespace vibestack::auth

#endif  // VIBESTACK_COMMON_AUTH_LRU_MAP_H_
