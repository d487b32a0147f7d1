#include "common/db/listener.h"

#include <gtest/gtest.h>

#include "absl/synchronization/mutex.h"
#include "tests/integration/db/database.h"

namespace vibestack::db {
namespace {

// Collects the notifications of a listener.
class Heard {
 public:
  ListenerOptions Options() {
    ListenerOptions options;
    options.database_url = DatabaseUrl();
    options.application_name = "listener_pgtest";
    options.channels = {"first", "second"};
    options.on_notification = [this](const std::string& channel, const std::string& payload) {
      absl::MutexLock lock(&mutex_);
      changes_.push_back(channel + "=" + payload);
    };
    options.on_listening = [this] {
      absl::MutexLock lock(&mutex_);
      ++listening_;
    };
    return options;
  }

  bool WaitForListening(int times) {
    absl::MutexLock lock(&mutex_);
    wanted_listening_ = times;
    return mutex_.AwaitWithTimeout(
        absl::Condition(
            +[](Heard* self) { return self->listening_ >= self->wanted_listening_; }, this),
        absl::Seconds(20));
  }

  bool AwaitChange(std::string changes) {
    absl::MutexLock lock(&mutex_);
    wanted_ = std::move(changes);
    return mutex_.AwaitWithTimeout(absl::Condition(
                                       +[](Heard* self) {
                                         return std::find(self->changes_.begin(),
                                                          self->changes_.end(),
                                                          self->wanted_) != self->changes_.end();
                                       },
                                       this),
                                   absl::Seconds(20));
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> changes_;
  int listening_ = 0;
  int wanted_listening_ = 0;
  std::string wanted_;
};

void KillListeners() {
  Foreign(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE application_name = 'listener_pgtest'");
}

TEST(ListenerTest, HearsItsChannels) {
  Heard heard;
  Listener listener(heard.Options());
  ASSERT_TRUE(heard.WaitForListening(1));
  EXPECT_TRUE(listener.listening());
  Foreign("SELECT pg_notify('first', 'a'), pg_notify('second', 'b'), pg_notify('third', 'c')");
  EXPECT_TRUE(heard.AwaitChange("first=a"));
  EXPECT_TRUE(heard.AwaitChange("second=b"));
}

TEST(ListenerTest, ListensAgainAfterItsConnectionWasKilledAndSaysSo) {
  Heard heard;
  Listener listener(heard.Options());
  ASSERT_TRUE(heard.WaitForListening(1));
  KillListeners();
  ASSERT_TRUE(heard.WaitForListening(2));
  Foreign("SELECT pg_notify('first', 'again')");
  EXPECT_TRUE(heard.AwaitChange("first=again"));
  EXPECT_EQ(listener.connects(), 2U);
}

TEST(ListenerTest, StartsBeforeItsDatabaseAndStopsWithoutIt) {
  Heard heard;
  ControlServer("stop");
  Listener listener(heard.Options());
  ControlServer("start");
  EXPECT_TRUE(heard.WaitForListening(1));
  ControlServer("stop");
  listener.Stop();
  listener.Stop();
  ControlServer("start");
}

}  // namespace
}  // namespace vibestack::db
