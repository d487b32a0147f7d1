#include "job_service/wiring.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "common/auth/key_watcher.h"
#include "common/auth/token_issuer.h"
#include "common/base/clock.h"
#include "common/telemetry/log.h"
#include "job_service/api/job_api.h"
#include "job_service/api/json_text.h"
#include "job_service/dispatch/dispatcher.h"
#include "job_service/maintenance/job_count_gauges.h"
#include "job_service/maintenance/sweeper.h"
#include "job_service/store/change_store.h"
#include "job_service/store/job_stores.h"
#include "job_service/store/read_store.h"
#include "job_service/store/session_options.h"
#include "job_service/subscriptions/change_listener.h"
#include "job_service/subscriptions/filter_subscriptions.h"
#include "job_service/subscriptions/job_subscriptions.h"
#include "job_service/subscriptions/publisher.h"
#include "job_service/user_client/caller_verifier.h"
#include "job_service/user_client/key_source.h"
#include "job_service/user_client/user_client.h"

namespace vibestack::job_service {
namespace {

using runtime::Runtime;

constexpr absl::Duration kKeyInterval = absl::Seconds(2);
constexpr absl::Duration kDueInterval = absl::Milliseconds(500);

// How long requests to workflows may take after the service begins to stop.
constexpr absl::Duration kDispatchGrace = absl::Seconds(5);

// The stores, and the subscriptions of the calls that wait for changes.
struct Storage {
  JobStores& stores;
  JobSubscriptions& job_subscriptions;
  FilterSubscriptions& filter_subscriptions;
  Publisher& publisher;
};

// Starts the way of a change event: stores, publisher, subscriptions. The listener closes it.
Storage StartStorage(Runtime& runtime, const Flags& flags, const WorkflowSource& workflows) {
  const runtime::Database database =
      runtime.StartDatabase(JobSessionOptions(runtime.options().database_url.Reveal()));
  StoreOptions options;
  options.batches = runtime::BatchOptions(runtime.options());
  options.workflows = workflows;
  options.standby = database.standby;
  auto& read_store = runtime.Make<ReadStore>(options.batches, database.pool, runtime.metrics());
  auto& change_store = runtime.Make<ChangeStore>(database.pool);
  auto& job_subscriptions = runtime.Make<JobSubscriptions>();
  auto& filter_subscriptions = runtime.Make<FilterSubscriptions>(
      flags.poll_interval,
      FilterSubscriptions::Source{
          .read = std::bind_front(&ReadStore::GetStates, &read_store),
          .find_changed = std::bind_front(&ChangeStore::FindChanged, &change_store)});
  auto& publisher =
      runtime.Start<Publisher>(job_subscriptions, filter_subscriptions,
                               std::bind_front(&ChangeStore::SendNotify, &change_store));
  auto& stores = runtime.Start<JobStores>(std::move(options), read_store, database.pool, publisher,
                                          runtime.metrics());
  // The subscriptions stop before the stores, because they read from the stores.
  runtime.OnStop([&filter_subscriptions] { filter_subscriptions.Close(); });
  runtime.Keep(runtime.metrics().AddGaugeCallback(
      "vibestack_waiting_calls", "Calls that wait for a change of a job.", {},
      [&job_subscriptions] { return static_cast<double>(job_subscriptions.size()); }));
  return {stores, job_subscriptions, filter_subscriptions, publisher};
}

struct Callers {
  rpc::AccountCache& accounts;
  rpc::CallInterceptor& interceptor;
};

// Starts what authenticates callers: user_service's accounts and keys, and the keys for callback
// tokens.
Callers StartCallers(Runtime& runtime, const Flags& flags) {
  const UserServiceFlags& options = flags.user_service;
  auto& users = runtime.Start<UserClient>(
      UserClient::Options{.address = options.address,
                          .tls = options.tls,
                          .service_token = options.token,
                          .batches = runtime::BatchOptions(runtime.options())},
      runtime.metrics());
  auto& keys = runtime.Start<KeySource>(std::bind_front(&UserClient::FetchKeys, &users));
  auto& verifier = runtime.Make<CallerVerifier>(keys, flags.push.callback_keys.get());
  rpc::AccountCacheOptions cache;
  cache.ttl = options.owner_ttl;
  cache.stale = options.owner_stale;
  auto& accounts =
      runtime.MakeAccountCache(cache, std::bind_front(&UserClient::FindAccount, &users));
  auto& interceptor =
      runtime.MakeInterceptor(std::bind_front(&CallerVerifier::Verify, &verifier), accounts,
                              std::bind_front(&CallerVerifier::RefreshKeysAndRetry, &verifier));
  return {accounts, interceptor};
}

void StartListener(Runtime& runtime, const Storage& storage, rpc::AccountCache& accounts) {
  ChangeListener::Options options;
  options.database_url = runtime.options().database_url.Reveal();
  options.origin = storage.publisher.origin();
  options.on_lost = [&runtime] { runtime.ProbeDatabase(); };
  auto& listener =
      runtime.Start<ChangeListener>(std::move(options), accounts, storage.job_subscriptions,
                                    storage.filter_subscriptions, runtime.metrics());
  runtime.OnAbort([&listener] { listener.Abort(); });
}

// Starts the periodic work, which every replica does.
void StartMaintenance(Runtime& runtime, const Flags& flags, const Storage& storage) {
  JobStores& stores = storage.stores;
  const auto sweep = [&](const char* event, Sweeper::Sweep work) {
    runtime.Start<Sweeper>(event, flags.sweep_interval, std::move(work), runtime.metrics());
  };
  runtime.Start<JobCountGauges>(std::bind_front(&StatsStore::CountAll, &stores.stats),
                                runtime.metrics());
  if (flags.retention > absl::ZeroDuration()) {
    sweep("jobs_expired",
          std::bind_front(&MaintenanceStore::DeleteExpired, &stores.maintenance, flags.retention));
  }
  sweep("runs_expired", std::bind_front(&DispatchStore::ExpireRuns, &stores.dispatch));
  sweep("leases_ran_out", std::bind_front(&MaintenanceStore::SweepLeases, &stores.maintenance));
  // A job starts within a second after its time.
  runtime.Start<Sweeper>("jobs_due", std::min(flags.sweep_interval, kDueInterval),
                         std::bind_front(&MaintenanceStore::ReleaseScheduled, &stores.maintenance),
                         runtime.metrics());
}

// Reads the workflows file again. When it is wrong, the workflows stay as they are.
void ReloadWorkflows(WorkflowRegistry& workflows, Dispatcher& dispatcher,
                     JobSubscriptions& job_subscriptions) {
  const absl::Status reloaded = workflows.Reload();
  if (!reloaded.ok()) {
    Log(LogLevel::kError, "workflows_not_reloaded", {{"message", reloaded.message()}});
    return;
  }
  Log(LogLevel::kInfo, "workflows_reloaded", {{"workflows", workflows.Snapshot()->all().size()}});
  dispatcher.Refresh();
  // A claim that waits for a workflow which is pushed now must end.
  job_subscriptions.Resync();
}

// Sends the jobs of pushed workflows, and follows the workflows file.
Dispatcher& StartDispatcher(Runtime& runtime, const Flags& flags, const Storage& storage,
                            const WorkflowSource& workflows) {
  const PushFlags& push = flags.push;
  Dispatcher::Options options;
  if (auth::KeyRing* keys = push.callback_keys.get(); keys != nullptr) {
    runtime.Start<auth::KeyWatcher>(*keys, kKeyInterval);
    options.sender.issuer =
        &runtime.Make<auth::TokenIssuer>(keys->Provider(), SystemClock::Instance());
  }
  options.sender.callback_base_url = push.callback_base_url;
  options.sender.json_fault = [](const std::string& text) { return ResultFault(text, kMaxOutput); };
  options.ca_file = push.dispatch_ca_file;
  options.poll_interval = flags.poll_interval;
  options.workflows = workflows;
  auto& dispatcher =
      runtime.Make<Dispatcher>(std::move(options), storage.stores.dispatch, storage.stores.read,
                               storage.job_subscriptions, runtime.metrics());
  runtime.OnStop([&dispatcher, grace = runtime.options().shutdown_grace] {
    dispatcher.Stop(absl::Now() + std::min(grace, kDispatchGrace));
  });
  dispatcher.Refresh();
  runtime.OnHangup([&dispatcher, &push, storage] {
    ReloadWorkflows(*push.workflows, dispatcher, storage.job_subscriptions);
  });
  return dispatcher;
}

}  // namespace

absl::Status Wire(Runtime& runtime, const Flags& flags) {
  const WorkflowSource workflows =
      std::bind_front(&WorkflowRegistry::Snapshot, flags.push.workflows.get());
  const Storage storage = StartStorage(runtime, flags, workflows);
  const auto [accounts, interceptor] = StartCallers(runtime, flags);
  StartListener(runtime, storage, accounts);
  StartMaintenance(runtime, flags, storage);
  Dispatcher& dispatcher = StartDispatcher(runtime, flags, storage, workflows);
  auto& api =
      runtime.Make<JobApi>(JobApi::Options{.poll_interval = flags.poll_interval,
                                           .workflows = workflows,
                                           .max_input = static_cast<size_t>(flags.max_input)},
                           storage.stores, storage.job_subscriptions, storage.filter_subscriptions,
                           accounts, interceptor, dispatcher);
  const absl::Status status = runtime.StartServer({&api.service()});
  if (!status.ok()) return status;
  // Waiting calls respond before the server stops, so that the server does not wait for them.
  runtime.OnStop([storage] { storage.job_subscriptions.Close(); });
  return absl::OkStatus();
}

}  // namespace vibestack::job_service
