// job_service: jobs for slow work, over gRPC.

#include "common/runtime/program.h"
#include "job_service/flags.h"
#include "job_service/wiring.h"

namespace {

constexpr char kUsage[] = R"(Slow work as jobs over gRPC.

  job_service [serve]  serves until SIGTERM; reads --workflows_file again on SIGHUP
)";

absl::Status Serve() {
  namespace service = vibestack::job_service;
  return vibestack::runtime::Serve("job_service", service::ReadFlags, service::Wire);
}

}  // namespace

int main(int argc, char** argv) {
  return vibestack::runtime::RunProgram(
      {.name = "job_service",
       .usage = kUsage,
       .defaults = {{"grpc_address", "127.0.0.1:50052"}, {"metrics_address", "127.0.0.1:9465"}},
       .commands = {{"serve", Serve}}},
      argc, argv);
}
