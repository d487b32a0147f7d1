#ifndef VIBESTACK_COMMON_DB_CONNECT_FAULT_H_
#define VIBESTACK_COMMON_DB_CONNECT_FAULT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace vibestack::db {

// Describes for the operator the TLS problem in libpq's error text about a failed connection. The
// text names no host, user or path. Empty for other problems.
std::string_view TlsFault(std::string_view libpq_text);

// Attaches the problem to the error, for the log. Clients never see it: only google.rpc details are
// sent.
absl::Status WithConnectFault(absl::Status error, std::string_view fault);

// The problem attached to an error; empty for other errors.
std::string ConnectFaultOf(const absl::Status& error);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_CONNECT_FAULT_H_
