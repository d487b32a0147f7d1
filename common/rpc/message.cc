#include "common/rpc/message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <climits>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/rpc/utf8.h"

namespace vibestack::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

constexpr size_t kMaxMessageBytes = INT_MAX;  // the limit of protobuf
constexpr int kMaxDepth = 100;                // as protobuf's parser

std::string Flatten(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string flat;
  if (!bytes.Dump(&slices).ok()) return flat;
  for (const grpc::Slice& slice : slices) {
    flat.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return flat;
}

// The path of the first string field that is not valid UTF-8, or empty. Reads the wire format only,
// without the checks that made the parser fail.
std::string FindInvalidUtf8(const Descriptor& type, const std::string& bytes, int depth) {
  UnknownFieldSet fields;
  if (depth > kMaxDepth || !fields.ParseFromString(bytes)) return "";
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.type() != UnknownField::TYPE_LENGTH_DELIMITED) continue;
    const FieldDescriptor* known = type.FindFieldByNumber(field.number());
    if (known == nullptr) continue;
    const std::string& value = field.length_delimited();
    if (known->type() == FieldDescriptor::TYPE_STRING && !CountUtf8Characters(value)) {
      return known->name();
    }
    if (known->type() != FieldDescriptor::TYPE_MESSAGE) continue;
    const std::string inner = FindInvalidUtf8(*known->message_type(), value, depth + 1);
    if (!inner.empty()) return known->name() + "." + inner;
  }
  return "";
}

}  // namespace

absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::Message& message) {
  grpc::ByteBuffer readable(bytes);  // shares the slices; the reader takes a mutable buffer
  {
    grpc::ProtoBufferReader reader(&readable);
    if (reader.status().ok() && message.ParseFromZeroCopyStream(&reader)) return absl::OkStatus();
  }
  const std::string field = FindInvalidUtf8(*message.GetDescriptor(), Flatten(bytes), 0);
  if (!field.empty()) return InvalidFieldError(field, "must be valid UTF-8");
  return MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_MESSAGE",
                   "the request is not a message of the method's type");
}

absl::Status SerializeMessage(const google::protobuf::Message& message, grpc::ByteBuffer& bytes) {
  const size_t size = message.ByteSizeLong();
  if (size == 0) {  // the writer does not support an empty message
    const grpc::Slice empty;
    bytes = grpc::ByteBuffer(&empty, 1);
    return absl::OkStatus();
  }
  if (size <= kMaxMessageBytes) {
    bytes.Clear();
    grpc::ProtoBufferWriter writer(&bytes, grpc::kProtoBufferWriterMaxBufferLength,
                                   static_cast<int>(size));
    if (message.SerializeToZeroCopyStream(&writer)) return absl::OkStatus();
  }
  return InternalError("the response cannot be serialized");
}

}  // namespace vibestack::rpc
