#include "user_service/commands.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "common/async/sync_wait.h"
#include "common/auth/key_files.h"
#include "common/auth/key_ring.h"
#include "common/auth/password_pool.h"
#include "common/auth/token_issuer.h"
#include "common/base/clock.h"
#include "common/db/pool.h"
#include "common/runtime/options.h"
#include "common/telemetry/audit.h"
#include "common/telemetry/log.h"
#include "common/telemetry/metrics.h"
#include "user_service/domain/accounts.h"
#include "user_service/domain/passwords.h"
#include "user_service/flags.h"
#include "user_service/password_input.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {
namespace {

constexpr absl::Duration kCommandTimeout = absl::Seconds(30);

void PrintLine(const std::string& line) { std::printf("%s\n", line.c_str()); }

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(path, error);
  if (error)
    return absl::UnavailableError("cannot make the directory of --keys_dir: " + error.message());
  if (is_new) chmod(path.c_str(), 0700);
  return absl::OkStatus();
}

absl::Status MakeMissingKeys(const std::string& directory) {
  const absl::Status secret = auth::GenerateFingerprintSecret(directory);
  if (!secret.ok() && !absl::IsAlreadyExists(secret)) return secret;
  const auto keys = auth::ReadKeyFiles(directory);
  if (!keys.ok()) return keys.status();
  if (keys->empty()) {
    const auto kid = auth::GenerateKeyFile(directory);
    if (!kid.ok()) return kid.status();
  }
  return auth::KeyRing::Open(directory).status();
}

}  // namespace

absl::Status CreateKeys() {
  const absl::StatusOr<std::string> directory = ReadKeysDir();
  if (!directory.ok()) return directory.status();
  const absl::Status made = MakeDirectory(*directory);
  return made.ok() ? MakeMissingKeys(*directory) : made;
}

absl::Status CreateSuperuser() {
  const absl::StatusOr<Secret> database_url = runtime::ReadDatabaseUrl();
  if (!database_url.ok()) return database_url.status();
  const absl::StatusOr<int> bcrypt_cost = ReadBcryptCost();
  if (!bcrypt_cost.ok()) return bcrypt_cost.status();
  const absl::StatusOr<std::string> email = ReadEmail();
  if (!email.ok()) return email.status();
  const absl::StatusOr<Secret> password = ReadPassword();
  if (!password.ok()) return password.status();
  // The program prints the command's error at the end, so nothing else logs it.
  const absl::Status quiet = SetLogLevel("error");
  if (!quiet.ok()) return quiet;
  db::PoolOptions pool_options;
  pool_options.session = UserSessionOptions(database_url->Reveal());
  pool_options.connections = 1;
  db::Pool pool(std::move(pool_options));
  Metrics metrics;  // nobody reads them
  UserStore users(pool, metrics, {});
  auth::PasswordPool password_pool({.threads = 1});
  Passwords passwords(password_pool, *bcrypt_cost);
  Accounts accounts(users, passwords);
  const absl::StatusOr<UserPtr> user =
      SyncWait(accounts.MakeSuperuser(*email, *password, absl::Now() + kCommandTimeout));
  if (!user.ok()) return user.status();
  Audit("superuser_made", {{"user_id", (*user)->id}, {"reason", "command"}});
  PrintLine((*user)->id);
  return absl::OkStatus();
}

absl::Status IssueServiceToken() {
  const absl::StatusOr<std::string> directory = ReadKeysDir();
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<std::string> name = ReadServiceName();
  if (!name.ok()) return name.status();
  const absl::StatusOr<absl::Duration> ttl = ReadServiceTokenTtl();
  if (!ttl.ok()) return ttl.status();
  const auto keys = auth::KeyRing::Open(*directory);
  if (!keys.ok()) return keys.status();
  const auth::TokenIssuer issuer((*keys)->Provider(), SystemClock::Instance());
  const auto issued = issuer.Issue(auth::Purpose::kService, *name, *ttl);
  if (!issued.ok()) return issued.status();
  PrintLine(issued->token.Reveal());
  return absl::OkStatus();
}

}  // namespace vibestack::user_service
