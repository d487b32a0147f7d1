#include "common/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include <optional>
#include <vector>

#include "common/telemetry/audit.h"
#include "common/telemetry/log.h"
#include "common/tls/verify_fault.h"

namespace vibestack::rpc {
namespace {

constexpr int kLinesPerSecond = 20;

void LogHandshakeFault(std::string_view reason, const std::optional<tls::VerifyFault>& fault,
                       uint64_t suppressed) {
  std::vector<LogField> fields = {{"reason", reason}};
  if (fault.has_value()) {
    fields.insert(
        fields.end(),
        {{"cause", fault->cause}, {"subject", fault->subject}, {"serial", fault->serial}});
  }
  if (suppressed > 0) fields.push_back({"suppressed", suppressed});
  LogAlways(LogLevel::kWarning, "tls_handshake_failed", fields);
}

void OnMessage(gpr_log_func_args* arguments) {
  static AuditGate& gate = *new AuditGate(kLinesPerSecond);
  const std::string_view message = arguments->message;
  if (arguments->severity != GPR_LOG_SEVERITY_ERROR) {
    return Log(LogLevel::kDebug, "grpc", {{"message", message}});
  }
  const std::string_view reason = HandshakeFault(message);
  std::optional<tls::VerifyFault> fault;
  // Take the fault even if nothing is logged: the next handshake on this thread must not find it.
  if (!reason.empty()) fault = tls::TakeVerifyFault();
  if (!LogEnabled(LogLevel::kWarning)) return;
  const std::optional<uint64_t> suppressed = gate.Pass();
  if (!suppressed.has_value()) return;
  if (!reason.empty()) return LogHandshakeFault(reason, fault, *suppressed);
  Log(LogLevel::kWarning, "grpc", {{"message", message}, {"suppressed", *suppressed}});
}

}  // namespace

void RouteGrpcLog() {
  static const bool once = [] {
    tls::RecordVerifyFaults();
    gpr_set_log_function(OnMessage);
    return true;
  }();
  static_cast<void>(once);
}

std::string_view HandshakeFault(std::string_view message) {
  constexpr std::string_view kBeginning = "Handshake failed with fatal error ";
  if (!message.starts_with(kBeginning)) return "";
  message.remove_prefix(kBeginning.size());
  while (message.ends_with('.')) message.remove_suffix(1);
  // The last part of `SSL_ERROR_SSL: error:0A000102:SSL routines::unsupported protocol`.
  const size_t colon = message.rfind(':');
  return colon == std::string_view::npos ? message : message.substr(colon + 1);
}

}  // namespace vibestack::rpc
