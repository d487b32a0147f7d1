#ifndef VIBESTACK_COMMON_RPC_GRPC_STATUS_H_
#define VIBESTACK_COMMON_RPC_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace vibestack::rpc {

// Converts an error to gRPC: code, message, and the payloads as google.rpc.Status in the trailer
// `grpc-status-details-bin`. An error without google.rpc.ErrorInfo was not made by base/error.h,
// and its message may disclose internals. It gets the reason UNKNOWN and a fixed message.
grpc::Status ToGrpcStatus(const absl::Status& status);

// Converts an error from gRPC, for a service that calls the other service.
absl::Status FromGrpcStatus(const grpc::Status& status);

// As ToGrpcStatus, for an error inside a response, such as the error of one item of a batch.
google::rpc::Status ToStatusProto(const absl::Status& status);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_GRPC_STATUS_H_
