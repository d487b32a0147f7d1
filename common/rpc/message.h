#ifndef VIBESTACK_COMMON_RPC_MESSAGE_H_
#define VIBESTACK_COMMON_RPC_MESSAGE_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"

namespace vibestack::rpc {

// Parses a request. INVALID_ARGUMENT when the bytes are not a message of that type; the error names
// the field if a string is not valid UTF-8. (gRPC 1.51's own handlers return UNIMPLEMENTED for such
// bytes, so our services take bytes and parse them here.)
absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);

// Serializes a response and replaces the content of `bytes`. INTERNAL when that fails.
absl::Status SerializeMessage(const google::protobuf::Message& message, grpc::ByteBuffer& bytes);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_MESSAGE_H_
