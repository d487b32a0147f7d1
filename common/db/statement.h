#ifndef VIBESTACK_COMMON_DB_STATEMENT_H_
#define VIBESTACK_COMMON_DB_STATEMENT_H_

namespace vibestack::db {

// An SQL statement with a name. The build makes the statements from the stores' `.sql` files
// (common/db/embed_sql.py), so every instance lives as long as the process.
struct Statement {
  const char* name;  // in snake case, for PostgreSQL, logs and metrics
  const char* sql;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_STATEMENT_H_
