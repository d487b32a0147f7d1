#ifndef VIBESTACK_COMMON_RPC_MESSAGE_H_
#define VIBESTACK_COMMON_RPC_MESSAGE_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"

namespace vibestack::rpc {

// Parses a request. INVALID_ARGUMENT when it cannot be parsed, naming the field where that is a
// string that is not UTF-8. (gRPC 1.51's own handlers answer UNIMPLEMENTED to bytes that cannot be
// parsed, which is why services here take the bytes.)
absl::Status ParseMessage(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);

// INTERNAL if it cannot be serialized.
absl::Status SerializeMessage(const google::protobuf::Message& message, grpc::ByteBuffer& bytes);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_MESSAGE_H_
