#include "common/db/connect_fault.h"

#include <utility>

#include "absl/strings/cord.h"

namespace vibestack::db {
namespace {

constexpr char kPayload[] = "vibestack.db/connect_fault";

// The first match counts.
constexpr std::pair<std::string_view, std::string_view> kFaults[] = {
    {"does not match host name", "the server's certificate is for another host"},
    {"certificate verify failed",
     "no authority in sslrootcert signed the server's certificate, or it has expired"},
    {"does not support SSL", "the server does not support TLS"},
    {"root certificate file", "the sslrootcert file cannot be used"},
    {"valid client certificate", "the server requires a client certificate"},
    {"certificate authentication failed",
     "the server does not accept this client certificate for this user"},
    {"alert certificate required", "the server requires a client certificate"},
    {"alert unknown ca", "the server does not trust the authority that signed sslcert"},
    {"alert certificate expired", "the certificate in sslcert has expired"},
    {"private key file", "the sslkey file cannot be used; only its owner may have access to it"},
    {"certificate file", "the sslcert file cannot be used"},
    {"SSL error", "the TLS handshake failed"},
};

}  // namespace

std::string_view TlsFault(std::string_view libpq_text) {
  for (const auto& [part, fault] : kFaults) {
    if (libpq_text.find(part) != std::string_view::npos) return fault;
  }
  return "";
}

absl::Status WithConnectFault(absl::Status error, std::string_view fault) {
  if (!fault.empty()) {
    error.SetPayload(kPayload, absl::Cord(absl::string_view(fault.data(), fault.size())));
  }
  return error;
}

std::string ConnectFaultOf(const absl::Status& error) {
  const auto payload = error.GetPayload(kPayload);
  return payload.has_value() ? std::string(*payload) : "";
}

}  // namespace vibestack::db
