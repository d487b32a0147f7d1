// user_service: accounts, log-in and tokens over gRPC, and the commands that prepare it.

#include <cstdio>
#include <string>
#include <vector>

#include "common/config/flags.h"
#include "common/telemetry/log.h"
#include "user_service/commands.h"
#include "user_service/options.h"

namespace {

constexpr char kUsage[] = R"(Accounts, log-in and tokens over gRPC.

  user_service [serve]              serves until SIGTERM
  user_service create-keys          makes a signing key and fingerprint.secret in --keys_dir where missing
  user_service create-superuser     makes the account of --email an active superuser and prints its id;
                                    the password comes from VIBESTACK_PASSWORD or stdin
  user_service issue-service-token  prints a token for the service --name, valid for --ttl
)";

absl::Status Run(const std::vector<std::string>& arguments) {
  namespace service = vibestack::user_service;
  if (arguments.size() > 1) {
    return absl::InvalidArgumentError("more than one command: " + arguments[1]);
  }
  const std::string command = arguments.empty() ? "serve" : arguments[0];
  if (command == "serve") return service::Serve();
  if (command == "create-keys") return service::CreateKeys();
  if (command == "create-superuser") return service::CreateSuperuser();
  if (command == "issue-service-token") return service::IssueServiceToken();
  return absl::InvalidArgumentError("there is no command " + command + "; --help lists them");
}

// 2 for what the operator got wrong on the command line, 1 for everything else.
int ExitCode(const absl::Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "user_service: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  vibestack::InitLog("user_service");
  const auto arguments = vibestack::ParseFlags(argc, argv, kUsage);
  if (!arguments.ok()) return ExitCode(arguments.status());
  const absl::Status level = vibestack::user_service::ApplyLogLevel();
  if (!level.ok()) return ExitCode(level);
  return ExitCode(Run(*arguments));
}
