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

// A gRPC server with health and reflection.
//
// Health service names (grpc.health.v1): `liveness` is SERVING from the start to the end of the
// server; `readiness` and the empty name follow SetReady. Thread-safe.
class Server {
 public:
  struct Options {
    // `host:port`; port 0 picks a free one.
    std::string address;
    // Null serves in plaintext, at which a warning is logged unless the address is of loopback.
    std::shared_ptr<grpc::ServerCredentials> credentials = nullptr;
    // Where the health service alone is served too, in plaintext and to everybody: for probes that
    // can neither do TLS nor show a certificate, as Kubernetes' own. Empty: nowhere.
    std::string health_address = "";
  };

  // Listens. UNAVAILABLE when an address cannot be had. The services must outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Listen(const Options& options,
                                                        const std::vector<Service*>& services);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  int port() const { return port_; }
  // 0 without a health address.
  int health_port() const { return health_port_; }

  // Whether calls can succeed now. Not ready until told so, and never again after Shutdown().
  void SetReady(bool ready);

  // Takes no new calls and returns when every call under way is answered; those that are not after
  // `grace` are cancelled, which their handlers notice or not: it always waits for them, so
  // whatever answers them must still work. May be called twice.
  void Shutdown(absl::Duration grace);

 private:
  Server() = default;
  std::vector<grpc::Server*> Servers() const;

  int port_ = 0;
  int health_port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  // UNIMPLEMENTED to all but health: a server must have a service that somebody registered.
  grpc::CallbackGenericService health_placeholder_;
  std::unique_ptr<grpc::Server> health_server_;  // null without a health address
};

}  // namespace vibestack::rpc

#endif  // VIBESTACK_COMMON_RPC_SERVER_H_
