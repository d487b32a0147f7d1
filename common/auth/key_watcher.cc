#include "common/auth/key_watcher.h"

#include <string>

#include "common/telemetry/log.h"

namespace vibestack::auth {

KeyWatcher::KeyWatcher(KeyRing& keys, absl::Duration interval)
    : keys_(keys), reloads_(interval, [this] { Reload(); }) {}

void KeyWatcher::Reload() {
  const uint64_t before = keys_.Snapshot()->id();
  const absl::Status status = keys_.Reload();
  if (!status.ok() && !failing_) {
    Log(LogLevel::kError, "keys_unreadable", {{"message", std::string(status.message())}});
  }
  failing_ = !status.ok();
  const auto keys = keys_.Snapshot();
  if (keys->id() == before) return;
  Log(LogLevel::kInfo, "keys_changed",
      {{"signing_kid", keys->signing_kid()}, {"keys", keys->Jwks().size()}});
}

}  // namespace vibestack::auth
