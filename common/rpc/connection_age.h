#ifndef VIBESTACK_COMMON_RPC_CONNECTION_AGE_H_
#define VIBESTACK_COMMON_RPC_CONNECTION_AGE_H_

#include <grpcpp/server_builder.h>

#include "absl/status/status.h"
#include "absl/time/time.h"

// The maximum age of a client's connection: the flag --max_connection_age of both services.
//
// A client that never reconnects does not find new replicas. So the server tells a connection of
// that age to start no new calls (GOAWAY). The client resolves the address again and reconnects;
// calls and streams in progress continue to their end on the old connection.
namespace vibestack::rpc {

// The minimum of the flag. Reconnecting more often would cost more than it brings.
inline constexpr absl::Duration kShortestConnectionAge = absl::Seconds(1);

// Checks the flag. INVALID_ARGUMENT names it.
absl::Status CheckConnectionAge();

// Applies the flag to the server that is built. gRPC varies the age by 10 % for each connection, so
// that clients do not reconnect all at once.
void LimitConnectionAge(grpc::ServerBuilder& builder);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CONNECTION_AGE_H_
