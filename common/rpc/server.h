#ifndef VIBESTACK_COMMON_RPC_SERVER_H_
#define VIBESTACK_COMMON_RPC_SERVER_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/service.h"

namespace vibestack::rpc {

// A gRPC server with the health and reflection services. Thread-safe.
//
// Health service names (grpc.health.v1): `liveness` is SERVING for the lifetime of the server;
// `readiness` and the empty name follow SetReady.
class Server {
 public:
  struct Options {
    // `host:port`; port 0 chooses a free port.
    std::string address;
    // Null serves plaintext. That logs a warning unless the address is loopback.
    std::shared_ptr<grpc::ServerCredentials> credentials = nullptr;
    // A second address, which serves only the health service, in plaintext and to everybody. For
    // probes without TLS or without a client certificate, such as those of Kubernetes. Empty: none.
    std::string health_address = "";
  };

  // Starts to listen. UNAVAILABLE when an address cannot be bound. The services must outlive the
  // server.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(const Options& options,
                                                        const std::vector<Service*>& services);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  int port() const { return port_; }
  // 0 without a health address.
  int health_port() const { return health_port_; }

  // Sets the readiness. The server is not ready until this is called, and never after Shutdown().
  void SetReady(bool ready);

  // Refuses new calls and returns when all calls in progress are answered. Cancels those that are
  // not answered after `grace`; it still waits until their handlers end, so everything that the
  // handlers use must still work. May be called twice.
  void Shutdown(absl::Duration grace);

 private:
  Server() = default;
  std::vector<grpc::Server*> Servers() const;

  int port_ = 0;
  int health_port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  // Answers UNIMPLEMENTED to everything but health checks: a server must have a registered service.
  grpc::CallbackGenericService health_placeholder_;
  std::unique_ptr<grpc::Server> health_server_;  // null without a health address
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_SERVER_H_
