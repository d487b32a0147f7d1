#ifndef VIBESTACK_COMMON_DB_CONNECT_FAULT_H_
#define VIBESTACK_COMMON_DB_CONNECT_FAULT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace vibestack::db {

// The TLS problem in libpq's error text about a failed connection, in words for the operator that
// name no host, user or path; empty for other problems.
std::string_view TlsFault(std::string_view libpq_text);

// Attaches the problem to the error, for the log. It stays in this process: only the details of
// google.rpc are sent.
absl::Status WithConnectFault(absl::Status error, std::string_view fault);

// The problem attached to an error; empty for other errors.
std::string ConnectFaultOf(const absl::Status& error);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_CONNECT_FAULT_H_
