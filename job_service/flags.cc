#include "job_service/flags.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/config/checks.h"
#include "common/config/flag.h"
#include "common/config/secret_file.h"
#include "common/http/message.h"

VIBESTACK_FLAG(kUserService, std::string, user_service_address, "127.0.0.1:50051",
               "The gRPC address of user_service, as host:port or any gRPC target.");
VIBESTACK_REQUIRED_FLAG(kUserService, std::string, service_token_file,
                        "File with a service token, as `user_service issue-service-token` prints "
                        "it.");
VIBESTACK_FLAG(kUserService, std::string, user_service_tls_ca, "",
               "PEM file with the certificate authorities of user_service. With it, calls use TLS, "
               "and user_service's certificate must have the host of --user_service_address. "
               "Without it, calls are plaintext.");
VIBESTACK_FLAG(kUserService, std::string, user_service_tls_cert, "",
               "PEM file with the client certificate to show to user_service, followed by its "
               "intermediate certificates.");
VIBESTACK_FLAG(kUserService, std::string, user_service_tls_key, "",
               "PEM file with the private key of --user_service_tls_cert.");
VIBESTACK_FLAG(kUserService, absl::Duration, owner_ttl, absl::Seconds(1),
               "How long the service caches user_service's answer about a user. 0s to 1s, so that "
               "a ban takes effect within a second.");
VIBESTACK_FLAG(
    kUserService, absl::Duration, owner_stale, absl::Seconds(10),
    "How long the service may use a cached answer while user_service is unavailable. 0s to 5m.");
VIBESTACK_FLAG(kJobs, absl::Duration, lease_duration, absl::Seconds(60),
               "How long a worker keeps a job without a heartbeat. 10ms to 24h.");
VIBESTACK_FLAG(
    kJobs, absl::Duration, sweep_interval, absl::Seconds(1),
    "How often the service looks for expired leases and for jobs to delete. 10ms to 24h.");
VIBESTACK_FLAG(kJobs, absl::Duration, retention, absl::ZeroDuration(),
               "How long a job stays after its end. 0 keeps jobs for ever. 0s to 876000h.");
VIBESTACK_FLAG(
    kJobs, absl::Duration, poll_interval, absl::Seconds(5),
    "How often a waiting call reads the database, in case a change event was lost. 10ms to 24h.");
VIBESTACK_FLAG(kJobs, int, max_input, 1 << 20,
               "The largest input of a job, in bytes of JSON text. 1 to 1048576.");
VIBESTACK_FLAG(kPushedWorkflows, std::string, workflows_file, "",
               "JSON file that lists the pushed workflows (workflows.proto). The service reads it "
               "again on SIGHUP. Without it workers pull all jobs.");
VIBESTACK_FLAG(kPushedWorkflows, std::string, callback_base_url, "",
               "URL where pushed workflows reach the gateway, such as https://api.example.com.");
VIBESTACK_FLAG(kPushedWorkflows, std::string, keys_dir, "",
               "Directory with the keys that sign callback tokens (<kid>.pem). The service sees "
               "added and removed keys within seconds.");
VIBESTACK_FLAG(kPushedWorkflows, std::string, dispatch_ca_file, "",
               "PEM file with the certificate authorities that the service trusts, instead of the "
               "system's, when it pushes jobs.");

namespace vibestack::job_service {
namespace {

absl::Status CheckFlags(const Flags& flags) {
  constexpr absl::Duration kDay = absl::Hours(24);
  constexpr absl::Duration kZero = absl::ZeroDuration();
  const absl::Duration tick = absl::Milliseconds(10);
  const UserServiceFlags& users = flags.user_service;
  return FirstError({
      CheckNotEmpty("user_service_address", users.address),
      CheckNotEmpty("service_token_file", absl::GetFlag(FLAGS_service_token_file)),
      CheckRange("owner_ttl", users.owner_ttl, kZero, absl::Seconds(1)),
      CheckRange("owner_stale", users.owner_stale, kZero, absl::Minutes(5)),
      CheckRange("lease_duration", flags.lease_duration, tick, kDay),
      CheckRange("sweep_interval", flags.sweep_interval, tick, kDay),
      CheckRange("retention", flags.retention, kZero, 36'500 * kDay),
      CheckRange("poll_interval", flags.poll_interval, tick, kDay),
      CheckRange("max_input", flags.max_input, 1, 1 << 20),
  });
}

absl::StatusOr<Secret> ReadToken() {
  absl::StatusOr<Secret> token =
      ReadSecretFile("service_token_file", absl::GetFlag(FLAGS_service_token_file), 1);
  if (!token.ok()) return token;
  const std::string& text = token->Reveal();
  const bool is_token =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
  if (is_token) return token;
  return absl::InvalidArgumentError("--service_token_file must name a file with one token");
}

// Reads the service token and the TLS files. CheckFlags has checked the other flags.
absl::Status ReadFiles(UserServiceFlags& users) {
  absl::StatusOr<Secret> token = ReadToken();
  if (!token.ok()) return token.status();
  absl::StatusOr<std::optional<tls::Config>> tls = tls::ReadClientConfig(
      {.certificate = {"user_service_tls_cert", absl::GetFlag(FLAGS_user_service_tls_cert)},
       .key = {"user_service_tls_key", absl::GetFlag(FLAGS_user_service_tls_key)},
       .authorities = {"user_service_tls_ca", absl::GetFlag(FLAGS_user_service_tls_ca)}});
  if (!tls.ok()) return tls.status();
  users.token = *std::move(token);
  users.tls = *std::move(tls);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadBaseUrl() {
  std::string url = absl::GetFlag(FLAGS_callback_base_url);
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (url.empty() || (http::IsHttpUrl(url) && url.find_first_of("?#") == std::string::npos)) {
    return url;
  }
  return absl::InvalidArgumentError(
      "--callback_base_url must be an http:// or https:// URL without a query");
}

// Reads the keys of --keys_dir; null without the flag.
absl::StatusOr<std::unique_ptr<auth::KeyRing>> ReadCallbackKeys() {
  const std::string directory = absl::GetFlag(FLAGS_keys_dir);
  if (directory.empty()) return nullptr;
  absl::StatusOr<std::unique_ptr<auth::KeyRing>> keys = auth::KeyRing::Open(directory);
  if (keys.ok()) return keys;
  return absl::InvalidArgumentError(absl::StrCat("--keys_dir: ", keys.status().message()));
}

absl::StatusOr<PushFlags> ReadPushFlags(absl::Duration default_lease_duration) {
  PushFlags flags;
  absl::StatusOr<std::string> base_url = ReadBaseUrl();
  if (!base_url.ok()) return base_url.status();
  flags.callback_base_url = *std::move(base_url);
  absl::StatusOr<std::unique_ptr<auth::KeyRing>> keys = ReadCallbackKeys();
  if (!keys.ok()) return keys.status();
  flags.callback_keys = *std::move(keys);
  flags.dispatch_ca_file = absl::GetFlag(FLAGS_dispatch_ca_file);
  if (!flags.dispatch_ca_file.empty() && !std::ifstream(flags.dispatch_ca_file)) {
    return absl::InvalidArgumentError("--dispatch_ca_file must name a readable file");
  }
  const bool callbacks = !flags.callback_base_url.empty() && flags.callback_keys != nullptr;
  absl::StatusOr<std::unique_ptr<WorkflowRegistry>> workflows = WorkflowRegistry::Open(
      absl::GetFlag(FLAGS_workflows_file), callbacks, default_lease_duration);
  if (!workflows.ok()) return workflows.status();
  flags.workflows = *std::move(workflows);
  return flags;
}

}  // namespace

absl::StatusOr<Flags> ReadFlags() {
  Flags flags;
  flags.user_service.address = absl::GetFlag(FLAGS_user_service_address);
  flags.user_service.owner_ttl = absl::GetFlag(FLAGS_owner_ttl);
  flags.user_service.owner_stale = absl::GetFlag(FLAGS_owner_stale);
  flags.lease_duration = absl::GetFlag(FLAGS_lease_duration);
  flags.sweep_interval = absl::GetFlag(FLAGS_sweep_interval);
  flags.retention = absl::GetFlag(FLAGS_retention);
  flags.poll_interval = absl::GetFlag(FLAGS_poll_interval);
  flags.max_input = absl::GetFlag(FLAGS_max_input);
  if (absl::Status status = CheckFlags(flags); !status.ok()) return status;
  if (absl::Status status = ReadFiles(flags.user_service); !status.ok()) return status;
  absl::StatusOr<PushFlags> push = ReadPushFlags(flags.lease_duration);
  if (!push.ok()) return push.status();
  flags.push = *std::move(push);
  return flags;
}

}  // namespace vibestack::job_service
