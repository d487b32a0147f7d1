#include "job_service/push_config.h"

#include <fstream>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/http/message.h"

ABSL_FLAG(std::string, workflows_file, "",
          "JSON that says which workflows are pushed and how (workflows.proto); read again on "
          "SIGHUP. Without it workers pull all jobs.");
ABSL_FLAG(std::string, callback_base_url, "",
          "where runs of pushed workflows reach the gateway, as https://api.example.com");
ABSL_FLAG(std::string, keys_dir, "",
          "user_service's folder of signing keys: they sign the callback tokens of pushed "
          "workflows. Keys that are added or removed count within seconds.");
ABSL_FLAG(std::string, dispatch_ca_file, "",
          "PEM file with the certificates to trust instead of the system's when jobs are pushed");

namespace vibestack::job_service {
namespace {

absl::StatusOr<std::string> ReadBaseUrl() {
  std::string url = absl::GetFlag(FLAGS_callback_base_url);
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (url.empty() || (http::IsHttpUrl(url) && url.find_first_of("?#") == std::string::npos)) {
    return url;
  }
  return absl::InvalidArgumentError(
      "--callback_base_url must be an http:// or https:// URL without a query");
}

}  // namespace

absl::StatusOr<PushConfig> ReadPushConfig() {
  PushConfig config;
  absl::StatusOr<std::string> base_url = ReadBaseUrl();
  if (!base_url.ok()) return base_url.status();
  config.callback_base_url = *std::move(base_url);
  if (const std::string keys_dir = absl::GetFlag(FLAGS_keys_dir); !keys_dir.empty()) {
    absl::StatusOr<std::unique_ptr<auth::KeyRing>> keys = auth::KeyRing::Open(keys_dir);
    if (!keys.ok()) {
      return absl::Status(keys.status().code(),
                          absl::StrCat("--keys_dir: ", keys.status().message()));
    }
    config.callback_keys = *std::move(keys);
  }
  config.dispatch_ca_file = absl::GetFlag(FLAGS_dispatch_ca_file);
  if (!config.dispatch_ca_file.empty() && !std::ifstream(config.dispatch_ca_file)) {
    return absl::InvalidArgumentError("--dispatch_ca_file cannot be read");
  }
  const bool callbacks = !config.callback_base_url.empty() && config.callback_keys != nullptr;
  absl::StatusOr<std::unique_ptr<WorkflowRegistry>> workflows =
      WorkflowRegistry::Open(absl::GetFlag(FLAGS_workflows_file), callbacks);
  if (!workflows.ok()) return workflows.status();
  config.workflows = *std::move(workflows);
  return config;
}

}  // namespace vibestack::job_service
