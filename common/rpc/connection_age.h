#ifndef VIBESTACK_COMMON_RPC_CONNECTION_AGE_H_
#define VIBESTACK_COMMON_RPC_CONNECTION_AGE_H_

#include <grpcpp/server_builder.h>

#include "absl/status/status.h"
#include "absl/time/time.h"

// How long a client's connection lasts: the flag --max_connection_age, which both services have.
//
// A client that stays connected for ever never finds replicas that came later. So a connection that
// has its age is told to take no new calls (GOAWAY): the client looks its address up anew and
// connects again, while calls and streams under way go on to their own end.
namespace vibestack::rpc {

// The shortest age that the flag takes; shorter ones would cost more than they bring.
inline constexpr absl::Duration kShortestConnectionAge = absl::Seconds(1);

// OK, or INVALID_ARGUMENT that names the flag.
absl::Status CheckConnectionAge();

// Lets connections of the server that is built last for what the flag says, give or take a tenth
// (by gRPC itself, so that not all clients come back at once).
void LimitConnectionAge(grpc::ServerBuilder& builder);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_CONNECTION_AGE_H_
