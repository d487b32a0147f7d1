#ifndef VIBESTACK_COMMON_DB_CONNECTION_STRING_H_
#define VIBESTACK_COMMON_DB_CONNECTION_STRING_H_

#include <string>

namespace vibestack::db {

// The connection string for libpq: `database_url` (a URL or keywords), plus the application name
// and timeouts for dead peers. Keepalives detect a dead connection that is idle, tcp_user_timeout
// one that has sent data (libpq, 34.1.2). Settings in `database_url` take precedence.
std::string ConnectionString(const std::string& database_url, const std::string& application_name);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_CONNECTION_STRING_H_
