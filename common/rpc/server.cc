#include "common/rpc/server.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_builder.h>

#include <chrono>

#include "common/base/error.h"
#include "common/telemetry/log.h"

namespace vibestack::rpc {
namespace {

constexpr char kLiveness[] = "liveness";
constexpr char kReadiness[] = "readiness";

// gRPC's own messages, as lines of our log.
void LogForGrpc(gpr_log_func_args* arguments) {
  const bool error = arguments->severity == GPR_LOG_SEVERITY_ERROR;
  Log(error ? LogLevel::kWarning : LogLevel::kDebug, "grpc", {{"message", arguments->message}});
}

// What is a plugin of every later server, so it is set up once.
void InitPluginsOnce() {
  static const bool once = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // Protobuf logs what callers sent wrong; we answer it instead.
    google::protobuf::SetLogHandler(nullptr);
    gpr_set_log_function(LogForGrpc);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(
    const std::string& address, const std::vector<grpc::Service*>& services) {
  InitPluginsOnce();
  std::unique_ptr<Server> server(new Server());
  grpc::ServerBuilder builder;
  // A second process on the same port is a mistake to report, not a way to share the load.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Finds clients that vanished without a word, and lets quiet ones keep their connection alive.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  // gRPC 1.51 unpacks a compressed message whole before it looks at the size: a few hundred
  // kilobytes from anybody would become hundreds of megabytes here. Who compresses gets
  // UNIMPLEMENTED.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &server->port_);
  for (grpc::Service* service : services) builder.RegisterService(service);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || server->port_ == 0) {
    return UnavailableError("ADDRESS_UNAVAILABLE",
                            "cannot listen on " + address + ": is something else using it?");
  }
  server->SetReady(false);
  server->server_->GetHealthCheckService()->SetServingStatus(kLiveness, true);
  return server;
}

Server::~Server() {
  if (server_ != nullptr) Shutdown(absl::ZeroDuration());
}

void Server::SetReady(bool ready) {
  auto* health = server_->GetHealthCheckService();
  health->SetServingStatus(kReadiness, ready);
  health->SetServingStatus("", ready);
}

void Server::Shutdown(absl::Duration grace) {
  server_->GetHealthCheckService()->Shutdown();
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  server_->Wait();
}

}  // namespace vibestack::rpc
