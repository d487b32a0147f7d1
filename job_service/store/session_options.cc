#include "job_service/store/session_options.h"

#include <iterator>

#include "absl/time/time.h"
#include "common/db/service_session.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {

db::SessionOptions JobSessionOptions(const std::string& database_url) {
  db::SessionOptions options = db::ServiceSessionOptions(database_url, "job_service");
  options.statements.assign(std::begin(sql::kStatements), std::end(sql::kStatements));
  // The table of a queue grows quickly, so query plans must not get old.
  options.plan_lifetime = absl::Seconds(1);
  // The stores publish after the commit, so the triggers must not notify for these sessions.
  options.settings.emplace_back("vibestack.own_notify", "on");
  return options;
}

}  // namespace vibestack::job_service
