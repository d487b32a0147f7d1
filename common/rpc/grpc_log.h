#ifndef VIBESTACK_COMMON_RPC_GRPC_LOG_H_
#define VIBESTACK_COMMON_RPC_GRPC_LOG_H_

#include <string_view>

namespace vibestack::rpc {

// gRPC's own messages become lines of our log from now on; its errors are warnings there, at most
// 20 a second, as strangers can cause them. A TLS handshake that failed is a line
// `tls_handshake_failed` with `reason` in OpenSSL's words; where the peer's certificate was not
// believed, also `cause`, `subject` and `serial` of it. gRPC does not say who the peer was. May be
// called more than once.
void RouteGrpcLog();

// OpenSSL's words in gRPC's message about a handshake that failed, such as `unsupported protocol`;
// empty for every other message.
std::string_view HandshakeFault(std::string_view message);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_GRPC_LOG_H_
