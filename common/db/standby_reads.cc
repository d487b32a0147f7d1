#include "common/db/standby_reads.h"

#include <string>

#include "common/config/flag.h"

VIBESTACK_FLAG(kDatabase, std::string, read_database_url, "",
               "A standby of the database, as a postgresql:// URL or libpq keywords. Lists and "
               "statistics read from it and may lag. Without it, and while it is unavailable, they "
               "read from --database_url.");

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
