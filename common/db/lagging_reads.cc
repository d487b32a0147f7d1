#include "common/db/lagging_reads.h"

#include <string>

#include "absl/flags/flag.h"

ABSL_FLAG(
    std::string, read_database_url, "",
    "postgresql:// URL or libpq keywords of a standby for lists and statistics, which may then "
    "lag; without it, and while it is unavailable, --database_url serves them.");

namespace vibestack::db {

std::unique_ptr<Pool> OpenStandby(PoolOptions primary) {
  std::string url = absl::GetFlag(FLAGS_read_database_url);
  if (url.empty()) return nullptr;
  PoolOptions standby;
  standby.role = "standby";
  standby.session = std::move(primary.session);
  standby.session.database_url = std::move(url);
  standby.connections = primary.connections;
  standby.max_queued = primary.max_queued;
  return std::make_unique<Pool>(std::move(standby));
}

}  // namespace vibestack::db
