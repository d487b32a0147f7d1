#ifndef VIBESTACK_COMMON_DB_STATEMENT_H_
#define VIBESTACK_COMMON_DB_STATEMENT_H_

namespace vibestack::db {

// A named SQL statement. The build makes one of each `.sql` file (vibestack_embed_sql in
// common/db/embed_sql.cmake), so every instance lives as long as the process.
struct Statement {
  const char* name;
  const char* sql;
};

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_STATEMENT_H_
