#include "common/rpc/server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <optional>

#include "common/base/error.h"
#include "common/rpc/connection_age.h"
#include "common/rpc/grpc_log.h"
#include "common/rpc/ip_address.h"
#include "common/telemetry/log.h"

namespace vibestack::rpc {
namespace {

constexpr char kLiveness[] = "liveness";
constexpr char kReadiness[] = "readiness";

// Process-wide settings, which every server needs.
void SetUpOnce() {
  static const bool once = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // Protobuf would log invalid requests; we return errors for them.
    google::protobuf::SetLogHandler(nullptr);
    RouteGrpcLog();
    return true;
  }();
  static_cast<void>(once);
}

// Removes reflection, which SetUpOnce adds to every server of the process.
class WithoutPlugins : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->clear();
  }
};

bool IsLoopback(const std::string& address) {
  static const IpNetworks loopback = *IpNetworks::Parse("127.0.0.0/8,::1");
  std::string host = address.substr(0, address.rfind(':'));
  if (host == "localhost") return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::optional<IpAddress> ip = IpAddress::Parse(host);
  return ip.has_value() && loopback.Contain(*ip);
}

void SetArguments(grpc::ServerBuilder& builder) {
  // A second process on the same port is a mistake, not a way to share the load.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Detects clients that vanished, and lets idle clients keep their connection alive.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  LimitConnectionAge(builder);
  // gRPC 1.51 decompresses a whole message before it checks the size: a few hundred kilobytes from
  // anybody would become hundreds of megabytes. Compressed requests get UNIMPLEMENTED.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
}

// Null when the address cannot be bound.
std::unique_ptr<grpc::Server> Start(grpc::ServerBuilder& builder, const std::string& address,
                                    std::shared_ptr<grpc::ServerCredentials> credentials,
                                    int* port) {
  SetArguments(builder);
  builder.AddListeningPort(address, std::move(credentials), port);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  return *port == 0 ? nullptr : std::move(server);
}

absl::Status AddressUnavailableError(const std::string& address) {
  return UnavailableError("ADDRESS_UNAVAILABLE",
                          "cannot listen on " + address + "; is the port in use?");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(const Options& options,
                                                       const std::vector<Service*>& services) {
  SetUpOnce();
  std::unique_ptr<Server> server(new Server());
  const bool plaintext = options.credentials == nullptr;
  if (plaintext && !IsLoopback(options.address)) {
    Log(LogLevel::kWarning, "plaintext_beyond_loopback", {{"address", options.address}});
  }
  grpc::ServerBuilder builder;
  for (Service* service : services) builder.RegisterService(&service->grpc_service());
  server->server_ =
      Start(builder, options.address,
            plaintext ? grpc::InsecureServerCredentials() : options.credentials, &server->port_);
  if (server->server_ == nullptr) return AddressUnavailableError(options.address);
  if (!options.health_address.empty()) {
    grpc::ServerBuilder health;
    health.SetOption(std::make_unique<WithoutPlugins>());
    health.RegisterCallbackGenericService(&server->health_placeholder_);
    server->health_server_ = Start(health, options.health_address,
                                   grpc::InsecureServerCredentials(), &server->health_port_);
    if (server->health_server_ == nullptr) return AddressUnavailableError(options.health_address);
  }
  server->SetReady(false);
  for (grpc::Server* one : server->Servers()) {
    one->GetHealthCheckService()->SetServingStatus(kLiveness, true);
  }
  return server;
}

Server::~Server() {
  if (server_ != nullptr) Shutdown(absl::ZeroDuration());
}

std::vector<grpc::Server*> Server::Servers() const {
  std::vector<grpc::Server*> servers = {server_.get()};
  if (health_server_ != nullptr) servers.push_back(health_server_.get());
  return servers;
}

void Server::SetReady(bool ready) {
  for (grpc::Server* one : Servers()) {
    auto* health = one->GetHealthCheckService();
    health->SetServingStatus(kReadiness, ready);
    health->SetServingStatus("", ready);
  }
}

void Server::Shutdown(absl::Duration grace) {
  SetReady(false);
  const auto until = std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace);
  // The health server stops last: the process is alive while calls are in progress.
  for (grpc::Server* one : Servers()) {
    one->GetHealthCheckService()->Shutdown();
    one->Shutdown(until);
    one->Wait();
  }
}

}  // namespace vibestack::rpc
