#include "user_service/wiring.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/auth/caching_verifier.h"
#include "common/auth/key_files.h"
#include "common/auth/key_ring.h"
#include "common/auth/key_watcher.h"
#include "common/auth/password_metrics.h"
#include "common/auth/password_pool.h"
#include "common/base/clock.h"
#include "common/db/change_event.h"
#include "common/http/client.h"
#include "common/telemetry/log.h"
#include "user_service/api/auth_api.h"
#include "user_service/api/auth_rate_limiter.h"
#include "user_service/api/user_api.h"
#include "user_service/domain/account_writes.h"
#include "user_service/domain/accounts.h"
#include "user_service/domain/introspections.h"
#include "user_service/domain/password_changes.h"
#include "user_service/domain/password_resets.h"
#include "user_service/domain/passwords.h"
#include "user_service/domain/sessions.h"
#include "user_service/domain/sign_ups.h"
#include "user_service/mail/deliveries.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {
namespace {

using runtime::Runtime;

constexpr absl::Duration kKeyInterval = absl::Seconds(2);

struct Keys {
  auth::KeyRing* ring;
  Secret fingerprint;
};

absl::StatusOr<Keys> StartKeys(Runtime& runtime, const std::string& directory) {
  absl::StatusOr<std::unique_ptr<auth::KeyRing>> opened = auth::KeyRing::Open(directory);
  if (!opened.ok()) return opened.status();
  absl::StatusOr<Secret> fingerprint = auth::LoadFingerprintSecret(directory);
  if (!fingerprint.ok()) return fingerprint.status();
  auth::KeyRing& ring = runtime.Own(*std::move(opened));
  runtime.Start<auth::KeyWatcher>(ring, kKeyInterval);
  Log(LogLevel::kInfo, "keys_read", {{"signing_kid", ring.Snapshot()->signing_kid()}});
  return Keys{&ring, *std::move(fingerprint)};
}

UserStore& StartStore(Runtime& runtime) {
  const runtime::Database database =
      runtime.StartDatabase(UserSessionOptions(runtime.options().database_url.Reveal()));
  return runtime.Start<UserStore>(
      database.pool, runtime.metrics(),
      UserStore::Options{.reads = runtime::BatchOptions(runtime.options()),
                         .standby = database.standby});
}

Task<absl::StatusOr<auth::AccountState>> LoadAccount(UserStore& users, const Secret& fingerprint,
                                                     std::string user_id, absl::Time deadline) {
  const absl::StatusOr<UserPtr> user = co_await users.Get(std::move(user_id), deadline);
  if (!user.ok()) co_return user.status();
  co_return StateOf(*user, fingerprint);
}

// Starts the cache by which the interceptor authenticates callers, and the listener. Our writes and
// change events invalidate its entries.
rpc::AccountCache& StartAccountCache(Runtime& runtime, UserStore& users,
                                     const Secret& fingerprint) {
  // A cached account is valid for a second, also while the database is down: almost every call
  // needs the database anyway.
  const rpc::AccountCacheOptions options{.ttl = absl::Seconds(1), .stale = absl::Seconds(1)};
  auto& cache = runtime.MakeAccountCache(
      options, [&users, fingerprint](std::string user_id, absl::Time deadline) {
        return LoadAccount(users, fingerprint, std::move(user_id), deadline);
      });
  users.OnWritten([&cache](const std::string& id) { cache.Invalidate(id); });
  db::ListenerOptions listener;
  listener.application_name = "user_service";
  listener.channels = {db::kUsersChannel};
  listener.on_notification = [&cache](const std::string&, const std::string& payload) {
    const db::ChangeEvent event = db::ParseChangeEvent(payload);
    if (event.resync) cache.InvalidateAll();
    for (const std::string& id : event.ids) cache.Invalidate(id);
  };
  listener.on_listening = [&cache] { cache.InvalidateAll(); };
  runtime.StartListener(std::move(listener));
  return cache;
}

// Null without a webhook.
MailQueue* StartMail(Runtime& runtime, const WebhookOptions& webhook) {
  if (!webhook.configured()) return nullptr;
  http::Client& client = runtime.Make<http::Client>(http::Client::Options());
  Deliveries& deliveries =
      runtime.Make<Deliveries>(client, runtime.metrics(), SystemClock::Instance(),
                               Deliveries::Options{.url = webhook.url, .secret = webhook.secret});
  runtime.OnStop([&runtime, &deliveries] {
    // One second at least, even when calls took all of the grace time.
    deliveries.Stop(std::max(runtime.stop_deadline(), absl::Now() + absl::Seconds(1)));
  });
  return &deliveries;
}

Passwords& StartPasswords(Runtime& runtime, const Flags& flags) {
  auth::PasswordPool& pool = runtime.Start<auth::PasswordPool>(auth::PasswordPool::Options{
      .threads = flags.bcrypt_threads, .max_queued = static_cast<size_t>(flags.bcrypt_queue)});
  runtime.Keep(auth::RegisterPasswordPoolMetrics(runtime.metrics(), pool));
  // Passwords may queue for longer than the grace time. Half way the pool answers the rest with
  // UNAVAILABLE, so that no call is left at the end.
  runtime.OnHalfGrace([&pool] { pool.Stop(); });
  return runtime.Make<Passwords>(pool, flags.bcrypt_cost);
}

}  // namespace

absl::Status Wire(Runtime& runtime, const Flags& flags) {
  const absl::StatusOr<Keys> keys = StartKeys(runtime, flags.keys_dir);
  if (!keys.ok()) return keys.status();
  UserStore& users = StartStore(runtime);
  rpc::AccountCache& account_cache = StartAccountCache(runtime, users, keys->fingerprint);
  MailQueue* const mail = StartMail(runtime, flags.webhook);
  Passwords& passwords = StartPasswords(runtime, flags);

  const Clock& clock = SystemClock::Instance();
  const auth::KeySetProvider provider = keys->ring->Provider();
  auto& accounts = runtime.Make<Accounts>(users, passwords);
  auto& writes = runtime.Make<AccountWrites>(users, passwords);
  const AuthApi::Domain domain{
      .accounts = accounts,
      .sessions =
          runtime.Make<Sessions>(users, passwords, provider, clock,
                                 Sessions::Options{.fingerprint_key = keys->fingerprint,
                                                   .access_token_ttl = flags.access_token_ttl,
                                                   .refresh_token_ttl = flags.refresh_token_ttl,
                                                   .session_ttl = flags.session_ttl}),
      .sign_ups = runtime.Make<SignUps>(flags.sign_up_mode, users, accounts, provider, clock, mail),
      .password_changes = runtime.Make<PasswordChanges>(users, passwords),
      .password_resets =
          runtime.Make<PasswordResets>(users, passwords, provider, clock, keys->fingerprint, mail),
      .introspections = runtime.Make<Introspections>(users, provider, clock, keys->fingerprint,
                                                     flags.sign_up_mode, flags.session_ttl)};

  auto& verifier = runtime.Make<auth::CachingVerifier>(provider, clock);
  auto& interceptor = runtime.MakeInterceptor(
      [&verifier](const std::string& token) { return verifier.VerifyCaller(token); },
      account_cache);
  auto& limits = runtime.Make<AuthRateLimits>(flags.auth_rate_limits, clock);
  auto& limiter = runtime.Make<AuthRateLimiter>(limits);
  auto& auth_api = runtime.Make<AuthApi>(interceptor, limiter, domain, provider, runtime.metrics());
  auto& user_api =
      runtime.Make<UserApi>(interceptor, limiter, accounts, writes, users, keys->fingerprint);
  return runtime.StartServer({&auth_api.service(), &user_api.service()});
}

}  // namespace vibestack::user_service
