#ifndef VIBESTACK_COMMON_DB_CONNECT_FAULT_H_
#define VIBESTACK_COMMON_DB_CONNECT_FAULT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace vibestack::db {

// What libpq's text about a connection that failed says of TLS, in words for the operator that name
// no host, user or path; empty when it is about something else.
std::string_view TlsFault(std::string_view libpq_text);

// The same error with such words attached, for the log. They stay inside the process, as nothing
// but google.rpc's details is sent.
absl::Status WithConnectFault(absl::Status error, std::string_view fault);

// The words attached to an error; empty for other errors.
std::string ConnectFaultOf(const absl::Status& error);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_CONNECT_FAULT_H_
