#include "common/rpc/account_source.h"

#include <gtest/gtest.h>

#include "common/async/completion.h"
#include "common/base/error.h"

namespace vibestack::rpc {
namespace {

using Found = absl::StatusOr<auth::AccountState>;

Task<void> Find(AccountCache& cache, std::string user_id, Found& found) {
  found = co_await cache.Find(std::move(user_id), absl::InfiniteFuture());
}

Task<void> FindSince(AccountCache& cache, std::string user_id, absl::Time since, Found& found) {
  found = co_await cache.FindSince(std::move(user_id), since, absl::InfiniteFuture());
}

class AccountCacheTest : public testing::Test {
 protected:
  AccountCacheTest()
      : cache_({.ttl = absl::Seconds(1), .stale = absl::Seconds(10), .capacity = 4}, clock_,
               [this](const std::string&, absl::Time) { return Load(); }) {}

  Found Ask(const std::string& user_id) {
    Found found = absl::UnknownError("waiting");
    Start(Find(cache_, user_id, found));
    return found;
  }

  Task<Found> Load() {
    ++loads_;
    if (gate_ != nullptr) co_await *gate_;
    co_return source_;
  }

  static auth::AccountState Active() { return {true, true, false, "print"}; }

  FakeClock clock_{absl::FromUnixSeconds(1'000'000)};
  Found source_ = Active();
  Completion<bool>* gate_ = nullptr;
  int loads_ = 0;
  AccountCache cache_;
};

TEST_F(AccountCacheTest, AsksOnceWithinTheTtlAndAgainAfterIt) {
  EXPECT_TRUE(Ask("a")->is_active);
  clock_.Advance(absl::Milliseconds(999));
  source_->is_active = false;
  EXPECT_TRUE(Ask("a")->is_active);
  EXPECT_EQ(loads_, 1);
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_FALSE(Ask("a")->is_active);
}

TEST_F(AccountCacheTest, AnAnswerIsAsOldAsItsQuestion) {
  Completion<bool> gate;
  gate_ = &gate;
  Found found = absl::UnknownError("waiting");
  Start(Find(cache_, "a", found));
  clock_.Advance(absl::Milliseconds(500));
  const absl::Time since = clock_.Now();
  gate.Set(true);
  EXPECT_TRUE(found->is_active);
  gate_ = nullptr;
  source_->is_active = false;
  // A load that started before `since` and ended after it does not count.
  Found again = absl::UnknownError("waiting");
  Start(FindSince(cache_, "a", since, again));
  EXPECT_FALSE(again->is_active);
}

TEST_F(AccountCacheTest, LookUpsAreCountedByWhatTheyFound) {
  Ask("a").IgnoreError();
  Ask("a").IgnoreError();
  clock_.Advance(absl::Seconds(2));
  source_ = UnavailableError("AWAY", "away");
  Ask("a").IgnoreError();
  Ask("b").IgnoreError();
  const AccountCache::Stats stats = cache_.stats();
  EXPECT_EQ(stats.hits, 1U);
  EXPECT_EQ(stats.misses, 1U);
  EXPECT_EQ(stats.stale, 1U);
  EXPECT_EQ(stats.failed, 1U);
  EXPECT_EQ(stats.entries, 1U);
}

TEST_F(AccountCacheTest, WhatIsFromBeforeTheTimeAskedForDoesNotCount) {
  Ask("a").IgnoreError();
  const absl::Time loaded = clock_.Now();
  const auto ask_since = [this](absl::Time since) {
    Found found = absl::UnknownError("waiting");
    Start(FindSince(cache_, "a", since, found));
    return found;
  };
  EXPECT_TRUE(ask_since(loaded).ok());
  EXPECT_EQ(loads_, 1);
  EXPECT_TRUE(ask_since(loaded + absl::Microseconds(1)).ok());
  EXPECT_EQ(loads_, 2);
  source_ = UnavailableError("AWAY", "away");
  EXPECT_TRUE(absl::IsUnavailable(ask_since(loaded + absl::Hours(1)).status()));
}

TEST_F(AccountCacheTest, ChangedUsersAreAskedForAgainAtOnce) {
  Ask("a").IgnoreError();
  Ask("b").IgnoreError();
  source_->is_active = false;
  cache_.Invalidate("a");
  EXPECT_FALSE(Ask("a")->is_active);
  EXPECT_TRUE(Ask("b")->is_active);
  cache_.InvalidateAll();
  EXPECT_FALSE(Ask("b")->is_active);
}

TEST_F(AccountCacheTest, AnAnswerInFlightDuringAnInvalidationIsNotCached) {
  Completion<bool> gate;
  gate_ = &gate;
  Found first = absl::UnknownError("waiting");
  Start(Find(cache_, "a", first));
  cache_.Invalidate("a");
  gate.Set(true);
  gate_ = nullptr;
  EXPECT_TRUE(first.ok());
  source_->is_active = false;
  EXPECT_FALSE(Ask("a")->is_active);
}

TEST_F(AccountCacheTest, ServesWhatItHasForABoundedTimeWhileTheSourceIsAway) {
  Ask("a").IgnoreError();
  source_ = UnavailableError("AWAY", "away");
  clock_.Advance(absl::Seconds(9));
  EXPECT_TRUE(Ask("a").ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(ErrorReason(Ask("a").status()), "AWAY");
}

TEST_F(AccountCacheTest, NeverServesInvalidatedEntriesWhileTheSourceIsAway) {
  Ask("a").IgnoreError();
  source_ = UnavailableError("AWAY", "away");
  cache_.Invalidate("a");
  EXPECT_EQ(ErrorReason(Ask("a").status()), "AWAY");
}

TEST_F(AccountCacheTest, OtherErrorsAreNotCoveredUp) {
  Ask("a").IgnoreError();
  clock_.Advance(absl::Seconds(2));
  source_ = InternalError("broken");
  EXPECT_FALSE(Ask("a").ok());
}

TEST_F(AccountCacheTest, IsBounded) {
  for (int i = 0; i < 100; ++i) Ask(std::to_string(i)).IgnoreError();
  loads_ = 0;
  for (int i = 0; i < 100; ++i) Ask(std::to_string(i)).IgnoreError();
  EXPECT_GE(loads_, 96);
}

}  // namespace
}  // namespace vibestack::rpc
