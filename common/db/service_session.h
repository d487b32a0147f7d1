#ifndef VIBESTACK_COMMON_DB_SERVICE_SESSION_H_
#define VIBESTACK_COMMON_DB_SERVICE_SESSION_H_

#include "common/db/session.h"

namespace vibestack::db {

// The version of the schema that both services are written for: the number of the newest revision
// in deploy/migrations/versions whose triggers and indexes they need.
inline constexpr int kSchemaVersion = 4;

// The session options that both services share. Each service adds its own.
inline SessionOptions ServiceSessionOptions(const std::string& database_url,
                                            const char* application_name) {
  SessionOptions options;
  options.database_url = database_url;
  options.application_name = application_name;
  options.schema_version = kSchemaVersion;
  options.settings = {
      // Every statement has its index. These settings make the planner use it even while the
      // table's statistics are missing or old. One generic plan serves all parameters.
      {"plan_cache_mode", "force_generic_plan"},
      {"enable_seqscan", "off"},
      {"enable_hashjoin", "off"},
      {"enable_mergejoin", "off"},
      {"enable_bitmapscan", "off"},
      {"enable_incremental_sort", "off"},
      {"jit", "off"},
  };
  return options;
}

}  // namespace vibestack::db

#endif  // VIBESTACK_COMMON_DB_SERVICE_SESSION_H_
