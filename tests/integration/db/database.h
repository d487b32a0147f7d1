#ifndef VIBESTACK_TESTS_INTEGRATION_DB_DATABASE_H_
#define VIBESTACK_TESTS_INTEGRATION_DB_DATABASE_H_

#include <cstdlib>
#include <pqxx/pqxx>
#include <string>

#include "common/db/session.h"
#include "tests/support/environment.h"

namespace vibestack::db {

// Runs a verb of VIBESTACK_TEST_PG_CTL on the server of this test program: stop, start, restart or
// kill. Aborts if it fails.
inline void ControlServer(const std::string& verb) {
  const std::string command = RequiredEnvironment("VIBESTACK_TEST_PG_CTL") + " " + verb + " >&2";
  if (std::system(command.c_str()) != 0) std::abort();
}

inline constexpr Statement kAdd{"add", "SELECT $1::int + $2::int"};
inline constexpr Statement kSleep{"sleep", "SELECT pg_sleep($1::float8)"};
inline constexpr Statement kPid{"pid", "SELECT pg_backend_pid()"};
inline constexpr Statement kText{"text", "SELECT $1::text, octet_length($1::text)"};
inline constexpr Statement kUnnest{"unnest", "SELECT * FROM unnest($1::text[])"};
inline constexpr Statement kTimeout{"timeout", "SELECT current_setting('statement_timeout')"};

inline SessionOptions TestSession() {
  SessionOptions options;
  options.database_url = DatabaseUrl();
  options.application_name = "db_pgtest";
  options.statements = {kAdd, kSleep, kPid, kText, kUnnest, kTimeout};
  return options;
}

// Runs SQL as a foreign program does.
inline pqxx::result Foreign(const std::string& sql) {
  pqxx::connection connection(DatabaseUrl());
  return pqxx::nontransaction(connection).exec(sql);
}

}  // namespace vibestack::db

#endif  // VIBESTACK_TESTS_INTEGRATION_DB_DATABASE_H_
