#ifndef VIBESTACK_COMMON_RPC_MESSAGE_H_
#define VIBESTACK_COMMON_RPC_MESSAGE_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"

namespace vibestack::rpc {

// Parses a request. Returns INVALID_ARGUMENT when the bytes are no message of the type; the error
// names the field when a string is not valid UTF-8. (The handlers of gRPC 1.51 return UNIMPLEMENTED
// for such bytes, so our services take bytes and parse them here.)
absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);

// Serializes a response, replacing what `bytes` held. Returns INTERNAL when that fails.
absl::Status SerializeMessage(const google::protobuf::Message& message, grpc::ByteBuffer& bytes);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_MESSAGE_H_
