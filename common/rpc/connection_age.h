#ifndef VIBESTACK_COMMON_RPC_CONNECTION_AGE_H_
#define VIBESTACK_COMMON_RPC_CONNECTION_AGE_H_

#include <grpcpp/server_builder.h>

#include "absl/status/status.h"
#include "absl/time/time.h"

// The maximum age of a client's connection: the flag --max_connection_age of both services.
//
// A client that never reconnects does not find new replicas. So the server sends GOAWAY on a
// connection of that age. The client then resolves the address again and makes new calls on a new
// connection; calls and streams in progress continue to their end on the old one.
namespace vibestack::rpc {

// The minimum of the flag. More reconnects would cost more than they gain.
inline constexpr absl::Duration kShortestConnectionAge = absl::Seconds(1);

// INVALID_ARGUMENT, which names the flag, when its value is below the minimum.
absl::Status CheckConnectionAge();

// Applies the flag to the server that `builder` builds. gRPC varies the age of each connection by
// up to 10 %, so that clients do not reconnect all at once.
void LimitConnectionAge(grpc::ServerBuilder& builder);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CONNECTION_AGE_H_
