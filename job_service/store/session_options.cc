#include "job_service/store/session_options.h"

#include <iterator>

#include "absl/time/time.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {

db::SessionOptions JobSessionOptions(const std::string& database_url) {
  db::SessionOptions options;
  options.database_url = database_url;
  options.application_name = "job_service";
  options.schema_version = 2;
  options.statements.assign(std::begin(sql::kStatements), std::end(sql::kStatements));
  options.plan_lifetime = absl::Seconds(1);
  options.settings = {
      // We send NOTIFY after the commit, so the triggers stay silent for our sessions.
      {"vibestack.own_notify", "on"},
      // Every statement has its index. These settings make the planner use it even while the
      // table's statistics are missing or old. One plan serves all parameters; the session
      // makes it anew as the tables grow.
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

}  // namespace vibestack::job_service
