// user_service: accounts, log-in and tokens over gRPC, and the operator's commands.

#include "common/runtime/program.h"
#include "user_service/commands.h"
#include "user_service/flags.h"
#include "user_service/wiring.h"

namespace {

constexpr char kUsage[] = R"(Accounts, log-in and tokens over gRPC.

  user_service [serve]              serves until SIGTERM
  user_service create-keys          makes a signing key and fingerprint.secret in --keys_dir if missing
  user_service create-superuser     makes the account of --email an active superuser and prints its id;
                                    the password comes from VIBESTACK_PASSWORD or stdin
  user_service issue-service-token  prints a token for the service --name, valid for --ttl
)";

absl::Status Serve() {
  namespace service = vibestack::user_service;
  return vibestack::runtime::Serve("user_service", service::ReadFlags, service::Wire);
}

}  // namespace

int main(int argc, char** argv) {
  namespace service = vibestack::user_service;
  return vibestack::runtime::RunProgram(
      {.name = "user_service",
       .usage = kUsage,
       .defaults = {{"grpc_address", "127.0.0.1:50051"}, {"metrics_address", "127.0.0.1:9464"}},
       .commands = {{"serve", Serve},
                    {"create-keys", service::CreateKeys},
                    {"create-superuser", service::CreateSuperuser},
                    {"issue-service-token", service::IssueServiceToken}}},
      argc, argv);
}
