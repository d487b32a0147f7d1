#ifndef VIBESTACK_COMMON_RPC_GRPC_STATUS_H_
#define VIBESTACK_COMMON_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace vibestack::rpc {

// Converts an error to gRPC: code, message, and the payloads as google.rpc.Status in the trailer
// `grpc-status-details-bin`. An error without google.rpc.ErrorInfo is not one of ours and may say
// too much: it becomes the reason UNKNOWN with a fixed message.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The reverse, for clients of our other service.
absl::Status FromGrpcStatus(const grpc::Status& status);

// Converts an error that is part of a response, such as that of one item of many.
google::rpc::Status ToStatusProto(const absl::Status& status);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_GRPC_STATUS_H_
