#ifndef VIBESTACK_COMMON_RPC_GRPC_STATUS_H_
#define VIBESTACK_COMMON_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace vibestack::rpc {

// An error as gRPC sends it: code, message, and the payloads as google.rpc.Status in the trailer
// `grpc-status-details-bin`. An error without google.rpc.ErrorInfo did not come from our own code:
// it gets the reason UNKNOWN and a message that says nothing.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The way back, for a client of another service of ours.
absl::Status FromGrpcStatus(const grpc::Status& status);

// An error inside an answer, such as of one item of many.
google::rpc::Status ToStatusProto(const absl::Status& status);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_GRPC_STATUS_H_
