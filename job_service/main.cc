#include <cstdio>
#include <memory>
#include <utility>

#include "common/config/flags.h"
#include "common/rpc/process.h"
#include "common/telemetry/log.h"
#include "common/telemetry/tracing.h"
#include "job_service/app.h"
#include "job_service/config.h"
#include "job_service/push_config.h"

namespace vibestack::job_service {
namespace {

constexpr int kUsageError = 2;

int ExitWithError(int code, const absl::Status& status) {
  std::fprintf(stderr, "job_service: %s\n", std::string(status.message()).c_str());
  return code;
}

int Serve(const Config& config, PushConfig push, const TracingOptions& tracing) {
  StartTracing(tracing, "job_service");
  const auto app = std::make_unique<App>(config, std::move(push));
  const absl::Status listening = app->Listen();
  if (!listening.ok()) {
    StopTracing(absl::ZeroDuration());
    return ExitWithError(1, listening);
  }
  const int signal = rpc::WaitForStopSignal([&app] { app->ReloadWorkflows(); });
  Log(LogLevel::kInfo, "stopping", {{"signal", signal}});
  const int given_up = app->Stop();
  StopTracing();
  return rpc::ReportStop(given_up);
}

int Main(int argc, char** argv) {
  InitLog("job_service");
  rpc::PrepareProcess();
  const auto words = ParseFlags(argc, argv, "Slow work as jobs.\n\n  job_service [serve] [FLAG…]");
  if (!words.ok()) return ExitWithError(kUsageError, words.status());
  if (words->size() > 1 || (words->size() == 1 && words->front() != "serve")) {
    return ExitWithError(
        kUsageError, absl::InvalidArgumentError("the only command is `serve`; --help says more"));
  }
  const absl::StatusOr<Config> config = ReadConfig();
  if (!config.ok()) return ExitWithError(kUsageError, config.status());
  absl::StatusOr<PushConfig> push = ReadPushConfig();
  if (!push.ok()) return ExitWithError(kUsageError, push.status());
  const absl::Status level = SetLogLevel(config->log_level);
  if (!level.ok()) return ExitWithError(kUsageError, level);
  const absl::StatusOr<TracingOptions> tracing = ReadTracingFlags();
  if (!tracing.ok()) return ExitWithError(kUsageError, tracing.status());
  return Serve(*config, *std::move(push), *tracing);
}

}  // namespace
}  // namespace vibestack::job_service

int main(int argc, char** argv) { return vibestack::job_service::Main(argc, argv); }
