#include "job_service/dispatch/workflow_file.h"

#include <google/protobuf/util/json_util.h>

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/http/message.h"
#include "job_service/dispatch/secret_source.h"
#include "job_service/dispatch/workflows.pb.h"
#include "job_service/domain/job.h"

namespace vibestack::job_service {
namespace {

constexpr size_t kMinSigningSecret = 16;
constexpr int kMaxAttempts = 1'000;
constexpr int kMaxProcessing = 100'000;
constexpr absl::Duration kDay = absl::Hours(24);

absl::Status Fault(const std::string& where, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", what));
}

// The number of characters of a UTF-8 text. The JSON parser has checked the encoding.
size_t Characters(const std::string& text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

absl::Status ReadSpan(const std::string& where, bool given, const google::protobuf::Duration& proto,
                      absl::Duration max, absl::Duration& span) {
  if (!given) return absl::OkStatus();
  span = absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
  if (span < absl::Milliseconds(10) || span > max) {
    return Fault(where, "must be 0.010s to " + absl::StrCat(absl::ToInt64Seconds(max)) + "s");
  }
  return absl::OkStatus();
}

absl::StatusOr<Push::Header> ReadHeader(const std::string& where, const config::Header& proto) {
  if (proto.name().empty()) return Fault(where + ".name", "is required");
  absl::StatusOr<Secret> value = Secret(proto.value());
  switch (proto.source_case()) {
    case config::Header::kValue:
      break;
    case config::Header::kValueFile:
      value = ReadSecretFile(proto.value_file());
      break;
    case config::Header::kValueEnv:
      value = ReadSecretVariable(proto.value_env());
      break;
    case config::Header::SOURCE_NOT_SET:
      return Fault(where, "needs a value, value_file or value_env");
  }
  if (!value.ok()) return Fault(where, std::string(value.status().message()));
  if (IsOurHeader(absl::AsciiStrToLower(proto.name()))) {
    return Fault(where + ".name", "is a header that job_service sets itself");
  }
  return Push::Header{proto.name(), *std::move(value)};
}

// Reads the timeouts and the limit of concurrent requests.
absl::Status ReadLimits(const std::string& where, const config::Push& proto, Push& push) {
  const bool response = push.completion == Push::Completion::kResponse;
  push.timeout = response ? absl::Seconds(60) : absl::Seconds(10);
  push.dispatch_timeout = absl::Hours(1);
  push.processing_timeout = absl::Hours(1);
  const absl::Status spans[] = {
      ReadSpan(where + ".timeout", proto.has_timeout(), proto.timeout(), absl::Hours(1),
               push.timeout),
      ReadSpan(where + ".dispatch_timeout", proto.has_dispatch_timeout(), proto.dispatch_timeout(),
               30 * kDay, push.dispatch_timeout),
      ReadSpan(where + ".processing_timeout", proto.has_processing_timeout(),
               proto.processing_timeout(), 30 * kDay, push.processing_timeout),
  };
  for (const absl::Status& span : spans) {
    if (!span.ok()) return span;
  }
  if (proto.max_concurrent() < 0 || proto.max_concurrent() > 1'000) {
    return Fault(where + ".max_concurrent", "must be 1 to 1000");
  }
  push.max_concurrent = proto.max_concurrent() == 0 ? 16 : proto.max_concurrent();
  return absl::OkStatus();
}

absl::Status ReadSecrets(const std::string& where, const config::Push& proto, Push& push) {
  for (int i = 0; i < proto.headers_size(); ++i) {
    absl::StatusOr<Push::Header> header =
        ReadHeader(absl::StrCat(where, ".headers[", i, "]"), proto.headers(i));
    if (!header.ok()) return header.status();
    push.headers.push_back(*std::move(header));
  }
  if (proto.signing_secret_file().empty()) return absl::OkStatus();
  absl::StatusOr<Secret> secret = ReadSecretFile(proto.signing_secret_file());
  if (!secret.ok()) {
    return Fault(where + ".signing_secret_file", std::string(secret.status().message()));
  }
  if (secret->Reveal().size() < kMinSigningSecret) {
    return Fault(where + ".signing_secret_file", "must hold at least 16 characters");
  }
  push.signing_secret = *std::move(secret);
  return absl::OkStatus();
}

// Checks the URLs and headers of the requests.
absl::Status CheckSendable(const std::string& where, const Push& push) {
  if (!http::IsHttpUrl(push.url))
    return Fault(where + ".url", "must be an http:// or https:// URL");
  if (!push.cancel_url.empty() && !http::IsHttpUrl(push.cancel_url)) {
    return Fault(where + ".cancel_url", "must be an http:// or https:// URL");
  }
  http::Request request;
  request.url = push.url;
  for (const Push::Header& header : push.headers) {
    request.headers.push_back({header.name, header.value.Reveal()});
  }
  if (http::CheckRequest(request).ok()) return absl::OkStatus();
  return Fault(where + ".headers", "a name or a value has characters that HTTP does not allow");
}

absl::StatusOr<Push> ReadPush(const std::string& where, const config::Push& proto, bool callbacks) {
  Push push;
  push.url = proto.url();
  push.cancel_url = proto.cancel_url();
  push.completion = proto.completion() == config::Push::RESPONSE ? Push::Completion::kResponse
                                                                 : Push::Completion::kCallback;
  if (push.completion == Push::Completion::kCallback && !callbacks) {
    return Fault(where + ".completion", "CALLBACK needs --callback_base_url and --keys_dir");
  }
  const absl::Status limits = ReadLimits(where, proto, push);
  if (!limits.ok()) return limits;
  const absl::Status secrets = ReadSecrets(where, proto, push);
  if (!secrets.ok()) return secrets;
  const absl::Status sendable = CheckSendable(where, push);
  if (!sendable.ok()) return sendable;
  return push;
}

absl::StatusOr<Workflow> ReadWorkflow(const std::string& where, const config::Workflow& proto,
                                      bool callbacks) {
  Workflow workflow;
  workflow.id = proto.id();
  const size_t characters = Characters(proto.id());
  if (characters == 0 || characters > kMaxWorkflowId ||
      proto.id().find('\0') != std::string::npos) {
    return Fault(where + ".id", "must be 1 to 100 characters");
  }
  if (proto.has_lease_duration()) {
    if (proto.has_push())
      return Fault(where + ".lease_duration", "is allowed only for pulled workflows");
    absl::Duration lease;
    const absl::Status read =
        ReadSpan(where + ".lease_duration", true, proto.lease_duration(), kDay, lease);
    if (!read.ok()) return read;
    workflow.lease_duration = lease;
  }
  if (proto.max_attempts() < 0 || proto.max_attempts() > kMaxAttempts) {
    return Fault(where + ".max_attempts", "must be 1 to 1000");
  }
  if (proto.max_attempts() > 0) workflow.max_attempts = proto.max_attempts();
  workflow.is_paused = proto.pause();
  if (proto.max_processing() < 0 || proto.max_processing() > kMaxProcessing) {
    return Fault(where + ".max_processing", "must be 1 to 100000");
  }
  workflow.max_processing = proto.max_processing();
  if (!proto.has_push()) return workflow;
  absl::StatusOr<Push> push = ReadPush(where + ".push", proto.push(), callbacks);
  if (!push.ok()) return push.status();
  workflow.push = *std::move(push);
  return workflow;
}

}  // namespace

absl::StatusOr<WorkflowSet> ParseWorkflows(const std::string& json, bool callbacks,
                                           absl::Duration default_lease_duration) {
  config::Workflows proto;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &proto);
  if (!parsed.ok()) return absl::InvalidArgumentError(std::string(parsed.message()));
  std::map<std::string, Workflow> workflows;
  for (int i = 0; i < proto.workflows_size(); ++i) {
    const std::string where = absl::StrCat("workflows[", i, "]");
    absl::StatusOr<Workflow> workflow = ReadWorkflow(where, proto.workflows(i), callbacks);
    if (!workflow.ok()) return workflow.status();
    std::string id = workflow->id;
    if (!workflows.emplace(std::move(id), *std::move(workflow)).second) {
      return Fault(where + ".id", "is the id of an earlier workflow; ids must be unique");
    }
  }
  return WorkflowSet(std::move(workflows), default_lease_duration);
}

}  // namespace vibestack::job_service
