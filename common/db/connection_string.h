#ifndef VIBESTACK_COMMON_DB_CONNECTION_STRING_H_
#define VIBESTACK_COMMON_DB_CONNECTION_STRING_H_

#include <string>

namespace vibestack::db {

// What libpq connects with: the URL or keywords of the operator, plus an application name and
// bounds on what a dead peer can hold up: keepalives find an idle one, tcp_user_timeout one that
// stops in the middle of an exchange (libpq, 34.1.2). What `database_url` says itself wins.
std::string ConnectionString(const std::string& database_url, const std::string& application_name);

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_CONNECTION_STRING_H_
