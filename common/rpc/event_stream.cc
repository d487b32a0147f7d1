#include "common/rpc/event_stream.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/rpc/grpc_status.h"

namespace vibestack::rpc {
namespace {

constexpr char kContentType[] = "text/event-stream";

absl::Status PrintJson(const google::protobuf::Message& message, std::string& json) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) {
    return InternalError("a response could not be printed as JSON");
  }
  return absl::OkStatus();
}

}  // namespace

std::string MakeEvent(const std::string& type, const std::string& id, const std::string& data) {
  std::string event;
  if (!type.empty()) absl::StrAppend(&event, "event: ", type, "\n");
  if (!id.empty()) absl::StrAppend(&event, "id: ", id, "\n");
  absl::StrAppend(&event, "data: ", data, "\n\n");
  return event;
}

Task<absl::Status> EventStream::WriteMessage(const google::protobuf::Message& message) {
  std::string json;
  const absl::Status printed = PrintJson(message, json);
  if (!printed.ok()) co_return printed;
  std::string event = MakeEvent("", IdOf(message), json);
  co_return co_await WriteEvent(std::move(event));
}

Task<absl::Status> EventStream::Write(const grpc::ByteBuffer& /*bytes*/) {
  co_return InternalError("a stream of events takes messages only");
}

Task<absl::Status> EventStream::End(absl::Status status) {
  if (status.ok() || !began_ || absl::IsCancelled(status)) co_return status;
  std::string json;
  const absl::Status printed = PrintJson(ToStatusProto(status), json);
  if (printed.ok()) {
    std::string event = MakeEvent("error", "", json);
    // If the client has gone away, nobody needs the event.
    (co_await WriteEvent(std::move(event))).IgnoreError();
  }
  co_return status;
}

Task<absl::Status> EventStream::WriteEvent(std::string event) {
  google::api::HttpBody body;
  body.set_content_type(kContentType);
  body.set_data(std::move(event));
  began_ = true;
  co_return co_await stream_.Write(body);
}

}  // namespace vibestack::rpc
