#include "user_service/commands.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "common/async/sync_wait.h"
#include "common/auth/key_files.h"
#include "common/auth/key_ring.h"
#include "common/auth/token_issuer.h"
#include "common/base/clock.h"
#include "common/config/checks.h"
#include "common/rpc/process.h"
#include "common/telemetry/audit.h"
#include "common/telemetry/log.h"
#include "common/telemetry/tracing.h"
#include "user_service/app.h"
#include "user_service/domain/input_rules.h"
#include "user_service/options.h"
#include "user_service/password_input.h"

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

absl::Status Serve() {
  const absl::StatusOr<Options> options = ReadServeOptions();
  if (!options.ok()) return options.status();
  const absl::StatusOr<TracingOptions> tracing = ReadTracingFlags();
  if (!tracing.ok()) return tracing.status();
  rpc::PrepareProcess();
  StartTracing(*tracing, "user_service");
  const auto app = App::Start(*options);
  if (!app.ok()) {
    StopTracing(absl::ZeroDuration());
    return app.status();
  }
  const int received = rpc::WaitForStopSignal();
  Log(LogLevel::kInfo, "stopping", {{"signal", received}});
  const int given_up = (*app)->Stop();
  StopTracing();
  if (rpc::ReportStop(given_up) == 0) return absl::OkStatus();
  return absl::UnavailableError("stopped while the database did not answer");
}

absl::Status CreateKeys() {
  const absl::StatusOr<Options> options = ReadKeysOptions();
  if (!options.ok()) return options.status();
  const absl::Status made = MakeDirectory(options->keys_dir);
  return made.ok() ? MakeMissingKeys(options->keys_dir) : made;
}

absl::Status CreateSuperuser() {
  absl::StatusOr<Options> options = ReadDatabaseOptions();
  if (!options.ok()) return options.status();
  const std::string email = EmailFlag();
  const std::optional<std::string> email_problem = EmailProblem(email);
  if (email_problem) return absl::InvalidArgumentError("--email " + *email_problem);
  const absl::StatusOr<Secret> password = ReadPassword();
  if (!password.ok()) return password.status();
  // What goes wrong is said once, at the end.
  const absl::Status quiet = SetLogLevel("error");
  if (!quiet.ok()) return quiet;
  options->database_connections = 1;
  db::Pool pool(DatabaseOptions(*options));
  UserStore users(pool, {});
  auth::PasswordPool password_pool({.threads = 1});
  Passwords passwords(password_pool, options->bcrypt_cost);
  Accounts accounts(users, passwords);
  const absl::StatusOr<UserPtr> user =
      SyncWait(accounts.MakeSuperuser(email, *password, absl::Now() + kCommandTimeout));
  if (!user.ok()) return user.status();
  Audit("superuser_made", {{"user_id", (*user)->id}, {"reason", "command"}});
  PrintLine((*user)->id);
  return absl::OkStatus();
}

absl::Status IssueServiceToken() {
  const absl::StatusOr<Options> options = ReadKeysOptions();
  if (!options.ok()) return options.status();
  if (!auth::IsServiceName(NameFlag())) {
    return absl::InvalidArgumentError(
        "--name must be 1 to 100 of lower-case letters, digits, `.`, `_` and `-`, the first a "
        "letter or digit");
  }
  const absl::Status ttl = CheckRange("ttl", TtlFlag(), absl::Seconds(1), absl::Hours(87600));
  if (!ttl.ok()) return ttl;
  const auto keys = auth::KeyRing::Open(options->keys_dir);
  if (!keys.ok()) return keys.status();
  const auth::TokenIssuer issuer((*keys)->Provider(), SystemClock::Instance());
  const auto issued = issuer.Issue(auth::Purpose::kService, NameFlag(), TtlFlag());
  if (!issued.ok()) return issued.status();
  PrintLine(issued->token.Reveal());
  return absl::OkStatus();
}

}  // namespace vibestack::user_service
