#include "common/rpc/grpc_status.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "common/base/error.h"

namespace vibestack::rpc {
namespace {

// Payloads of other types are for this process only.
constexpr char kDetailPrefix[] = "type.googleapis.com/";
constexpr absl::string_view kErrorInfoType = "type.googleapis.com/google.rpc.ErrorInfo";

// The two enumerations have the same numbers (google.rpc.Code).
absl::Status WithReason(const absl::Status& status) {
  if (!ErrorReason(status).empty()) return status;
  return MakeError(status.code(), "UNKNOWN", "the call failed");
}

}  // namespace

google::rpc::Status ToStatusProto(const absl::Status& status) {
  google::rpc::Status proto;
  if (status.ok()) return proto;
  const absl::Status described = WithReason(status);
  proto.set_code(static_cast<int>(described.code()));
  proto.set_message(std::string(described.message()));
  // absl::Status iterates in arbitrary order; ErrorInfo goes first.
  std::map<std::pair<bool, std::string>, std::string> details;
  described.ForEachPayload([&details](absl::string_view type_url, const absl::Cord& payload) {
    if (!absl::StartsWith(type_url, kDetailPrefix)) return;
    details[{type_url != kErrorInfoType, std::string(type_url)}] = std::string(payload);
  });
  for (const auto& [key, value] : details) {
    auto* detail = proto.add_details();
    detail->set_type_url(key.second);
    detail->set_value(value);
  }
  return proto;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status proto = ToStatusProto(status);
  return grpc::Status(static_cast<grpc::StatusCode>(proto.code()), proto.message(),
                      proto.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status proto;
  if (proto.ParseFromString(status.error_details())) {
    for (const auto& detail : proto.details()) {
      result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
    }
  }
  return result;
}

}  // namespace vibestack::rpc
