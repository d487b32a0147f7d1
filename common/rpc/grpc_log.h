#ifndef VIBESTACK_COMMON_RPC_GRPC_LOG_H_
#define VIBESTACK_COMMON_RPC_GRPC_LOG_H_

#include <string_view>

namespace vibestack::rpc {

// Sends gRPC's log messages to our log. gRPC's errors become warnings, at most 20 a second, because
// clients can cause them. A failed TLS handshake is the event `tls_handshake_failed` with OpenSSL's
// `reason`; when the peer's certificate was rejected, the line also has its `cause`, `subject` and
// `serial`. gRPC does not report the peer's address. May be called more than once.
void RouteGrpcLog();

// OpenSSL's reason in gRPC's message about a failed handshake, such as `unsupported protocol`;
// empty for any other message.
std::string_view HandshakeFault(std::string_view message);

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_GRPC_LOG_H_
