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
     "no authority of sslrootcert vouches for the server's certificate, or it has expired"},
    {"does not support SSL", "the server does not do TLS"},
    {"root certificate file", "the file of sslrootcert cannot be used"},
    {"valid client certificate", "the server wants a client certificate"},
    {"certificate authentication failed",
     "the server does not let this certificate in as this user"},
    {"alert certificate required", "the server wants a client certificate"},
    {"alert unknown ca", "the server does not believe the authority of sslcert"},
    {"alert certificate expired", "the certificate of sslcert has expired"},
    {"private key file",
     "the file of sslkey cannot be used; others than its owner may not read it"},
    {"certificate file", "the file of sslcert cannot be used"},
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
