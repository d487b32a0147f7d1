#include "job_service/user_client/key_source.h"

#include <gtest/gtest.h>

#include "common/async/sync_wait.h"
#include "common/auth/es256.h"
#include "common/base/error.h"
#include "tests/support/eventually.h"

namespace vibestack::job_service {
namespace {

// A fake user_service: its keys, and whether it is available.
class Keys {
 public:
  Keys() { Add("k1"); }

  void Add(const std::string& kid) {
    const auto pem = auth::Es256Key::Generate()->ToPrivatePem();
    const auto jwks = (*auth::KeySet::FromPems({{kid, *pem}}))->Jwks();
    absl::MutexLock lock(&mutex_);
    keys_.push_back(jwks[0]);
  }
  void SetAway(bool away) {
    absl::MutexLock lock(&mutex_);
    away_ = away;
  }
  KeySource::Fetch Fetch() {
    return [this](absl::Time) -> absl::StatusOr<std::vector<auth::Jwk>> {
      absl::MutexLock lock(&mutex_);
      ++fetches_;
      if (away_) return UnavailableError("USER_SERVICE_UNAVAILABLE", "away");
      return keys_;
    };
  }
  int fetches() const {
    absl::MutexLock lock(&mutex_);
    return fetches_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<auth::Jwk> keys_ ABSL_GUARDED_BY(mutex_);
  bool away_ ABSL_GUARDED_BY(mutex_) = false;
  int fetches_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(KeySourceTest, KeysAreThereAfterARefresh) {
  Keys keys;
  KeySource source(keys.Fetch());
  ASSERT_TRUE(SyncWait(source.Refresh()).ok());
  ASSERT_NE(source.Snapshot(), nullptr);
  EXPECT_NE(source.Snapshot()->Find("k1"), nullptr);
}

TEST(KeySourceTest, ARefreshBringsAKeyThatWasAddedBeforeIt) {
  Keys keys;
  KeySource source(keys.Fetch());
  ASSERT_TRUE(SyncWait(source.Refresh()).ok());
  keys.Add("k2");
  ASSERT_TRUE(SyncWait(source.Refresh()).ok());
  EXPECT_NE(source.Snapshot()->Find("k2"), nullptr);
}

TEST(KeySourceTest, TheLastKeysStayWhileTheServiceIsAway) {
  Keys keys;
  KeySource source(keys.Fetch());
  ASSERT_TRUE(SyncWait(source.Refresh()).ok());
  keys.SetAway(true);
  EXPECT_TRUE(absl::IsUnavailable(SyncWait(source.Refresh())));
  EXPECT_NE(source.Snapshot(), nullptr);
}

TEST(KeySourceTest, KeysComeByThemselvesOnceTheServiceIsThere) {
  Keys keys;
  keys.SetAway(true);
  KeySource source(keys.Fetch());
  EXPECT_FALSE(SyncWait(source.Refresh()).ok());
  EXPECT_EQ(source.Snapshot(), nullptr);
  keys.SetAway(false);
  EXPECT_TRUE(Eventually(absl::Seconds(20), [&] { return source.Snapshot() != nullptr; }));
}

TEST(KeySourceTest, ManyRefreshesAtOnceAreFewFetches) {
  Keys keys;
  KeySource source(keys.Fetch());
  std::vector<std::thread> callers;
  for (int i = 0; i < 50; ++i) {
    callers.emplace_back([&] { EXPECT_TRUE(SyncWait(source.Refresh()).ok()); });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_LE(keys.fetches(), 5);
}

TEST(KeySourceTest, StoppingAnswersWhoWaits) {
  Keys keys;
  KeySource source(keys.Fetch());
  ASSERT_TRUE(SyncWait(source.Refresh()).ok());
  std::thread caller([&] { SyncWait(source.Refresh()).IgnoreError(); });
  source.Stop();
  caller.join();
  EXPECT_EQ(ErrorReason(SyncWait(source.Refresh())), "SHUTTING_DOWN");
}

}  // namespace
}  // namespace vibestack::job_service
