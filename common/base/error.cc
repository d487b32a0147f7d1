#include "common/base/error.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/cord.h"
#include "google/protobuf/util/time_util.h"
#include "google/rpc/error_details.pb.h"

namespace vibestack {
namespace {

constexpr char kDomain[] = "vibestack";

// Details and message must fit into 8 KiB of headers: details in base64, and three bytes for each
// byte of the message in the worst case.
constexpr size_t kMaxViolationBytes = 3'000;
constexpr size_t kMaxTextBytes = 200;
constexpr size_t kOverheadBytes = 8;  // per violation in protobuf

template <typename Detail>
std::string TypeUrl() {
  return "type.googleapis.com/" + Detail::descriptor()->full_name();
}

template <typename Detail>
void Attach(absl::Status& status, const Detail& detail) {
  status.SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

template <typename Detail>
bool Read(const absl::Status& status, Detail& detail) {
  const auto payload = status.GetPayload(TypeUrl<Detail>());
  return payload.has_value() && detail.ParseFromString(std::string(*payload));
}

// `text`, cut between two UTF-8 characters when it is too long.
std::string Shortened(std::string_view text) {
  if (text.size() <= kMaxTextBytes) return std::string(text);
  size_t end = kMaxTextBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

absl::Status WithRetry(absl::Status status, absl::Duration retry_after) {
  google::rpc::RetryInfo info;
  *info.mutable_retry_delay() = google::protobuf::util::TimeUtil::MillisecondsToDuration(
      absl::ToInt64Milliseconds(retry_after));
  Attach(status, info);
  return status;
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message) {
  absl::Status status(code, std::string(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(kDomain);
  Attach(status, info);
  return status;
}

absl::Status UnauthenticatedError(std::string_view reason, std::string_view message) {
  return MakeError(absl::StatusCode::kUnauthenticated, reason, message);
}

absl::Status PermissionDeniedError(std::string_view reason, std::string_view message) {
  return MakeError(absl::StatusCode::kPermissionDenied, reason, message);
}

absl::Status FailedPreconditionError(std::string_view reason, std::string_view message) {
  return MakeError(absl::StatusCode::kFailedPrecondition, reason, message);
}

absl::Status AlreadyExistsError(std::string_view reason, std::string_view message) {
  return MakeError(absl::StatusCode::kAlreadyExists, reason, message);
}

absl::Status AbortedError(std::string_view reason, std::string_view message) {
  return MakeError(absl::StatusCode::kAborted, reason, message);
}

absl::Status InternalError(std::string_view message) {
  return MakeError(absl::StatusCode::kInternal, "INTERNAL", message);
}

absl::Status UnavailableError(std::string_view reason, std::string_view message,
                              absl::Duration retry_after) {
  return WithRetry(MakeError(absl::StatusCode::kUnavailable, reason, message), retry_after);
}

absl::Status ResourceExhaustedError(std::string_view reason, std::string_view message,
                                    absl::Duration retry_after) {
  return WithRetry(MakeError(absl::StatusCode::kResourceExhausted, reason, message), retry_after);
}

absl::Status NotFoundError(std::string_view type, std::string_view name) {
  std::string reason(type);
  std::transform(reason.begin(), reason.end(), reason.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  absl::Status status = MakeError(absl::StatusCode::kNotFound, reason + "_NOT_FOUND",
                                  "there is no such " + std::string(type));
  google::rpc::ResourceInfo info;
  info.set_resource_type("vibestack/" + std::string(type));
  info.set_resource_name(std::string(name));
  Attach(status, info);
  return status;
}

absl::Status WithErrorMetadata(absl::Status status, std::string_view key, std::string_view value) {
  google::rpc::ErrorInfo info;
  if (!Read(status, info)) return status;
  (*info.mutable_metadata())[std::string(key)] = std::string(value);
  Attach(status, info);
  return status;
}

std::string ErrorMetadata(const absl::Status& status, std::string_view key) {
  google::rpc::ErrorInfo info;
  if (!Read(status, info)) return "";
  const auto entry = info.metadata().find(std::string(key));
  return entry == info.metadata().end() ? "" : entry->second;
}

std::string ErrorReason(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  return Read(status, info) ? info.reason() : "";
}

absl::Duration RetryDelay(const absl::Status& status) {
  google::rpc::RetryInfo info;
  if (!Read(status, info)) return absl::InfiniteDuration();
  return absl::Milliseconds(
      google::protobuf::util::TimeUtil::DurationToMilliseconds(info.retry_delay()));
}

void FieldViolations::Add(std::string_view field, std::string_view description) {
  if (bytes_ >= kMaxViolationBytes) {
    ++omitted_;
    return;
  }
  const auto& [name, text] = violations_.emplace_back(Shortened(field), Shortened(description));
  bytes_ += name.size() + text.size() + kOverheadBytes;
}

absl::Status FieldViolations::ToStatus() const {
  if (violations_.empty()) return absl::OkStatus();
  const auto& [first_field, first_description] = violations_.front();
  std::string message = first_field + ": " + first_description;
  if (omitted_ > 0) message += " (" + std::to_string(omitted_) + " more are not listed)";
  absl::Status status = MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS", message);
  google::rpc::BadRequest bad_request;
  for (const auto& [field, description] : violations_) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field(field);
    violation->set_description(description);
  }
  Attach(status, bad_request);
  return status;
}

absl::Status InvalidFieldError(std::string_view field, std::string_view description) {
  FieldViolations violations;
  violations.Add(field, description);
  return violations.ToStatus();
}

}  // namespace vibestack
