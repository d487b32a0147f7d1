// What the parts of the App are made with.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/db/pool_metrics.h"
#include "job_service/api/json_text.h"
#include "job_service/app.h"
#include "job_service/store/session_options.h"

namespace vibestack::job_service {
namespace {

// How often the keys of callback tokens are looked at.
constexpr absl::Duration kKeyInterval = absl::Seconds(2);

}  // namespace

db::PoolOptions App::MakePoolOptions() {
  db::PoolOptions options;
  options.session = JobSessionOptions(config_.database_url.Reveal());
  options.connections = config_.database_connections;
  options.on_health = [this](bool healthy) { readiness_.SetHealthy(healthy); };
  options.on_work = db::PoolTimes(metrics_);
  return options;
}

StoreOptions App::MakeStoreOptions() {
  StoreOptions options;
  options.batches = config_.batches;
  options.lease_duration = config_.lease_duration;
  options.workflows = [this] { return push_config_.workflows->Snapshot(); };
  options.standby = standby_.get();
  return options;
}

FilterSubscriptions::Source App::MakeSubscriptionSource() {
  FilterSubscriptions::Source source;
  source.read = [this](const std::vector<std::string>& ids, absl::Time deadline) {
    std::vector<JobKey> keys;
    keys.reserve(ids.size());
    for (const std::string& id : ids) keys.push_back({id, false});
    return read_store_.GetAll(std::move(keys), deadline);
  };
  source.find_changed = [this](absl::Time since, absl::Time deadline) {
    return change_store_.FindChanged(since, deadline);
  };
  return source;
}

Dispatcher::Options App::MakeDispatcherOptions() {
  Dispatcher::Options options;
  if (auth::KeyRing* keys = push_config_.callback_keys.get(); keys != nullptr) {
    callback_key_watcher_ = std::make_unique<auth::KeyWatcher>(*keys, kKeyInterval);
    callback_issuer_ =
        std::make_unique<auth::TokenIssuer>(keys->Provider(), SystemClock::Instance());
    callback_verifier_ =
        std::make_unique<auth::CachingVerifier>(keys->Provider(), SystemClock::Instance());
  }
  options.sender.callback_base_url = push_config_.callback_base_url;
  options.sender.issuer = callback_issuer_.get();
  options.sender.json_fault = [](const std::string& text) { return JsonFault(text); };
  options.ca_file = push_config_.dispatch_ca_file;
  options.poll_interval = config_.poll_interval;
  options.workflows = [this] { return push_config_.workflows->Snapshot(); };
  return options;
}

ChangeListener::Options App::MakeListenerOptions() {
  ChangeListener::Options options;
  options.database_url = config_.database_url.Reveal();
  options.origin = publisher_.origin();
  options.on_lost = [this] { pool_.Probe(); };
  return options;
}

}  // namespace vibestack::job_service
