#include "user_service/store/last_superuser.h"

#include "common/base/error.h"
#include "user_service/store/sql.h"

namespace vibestack::user_service {

absl::Status CheckNotLastSuperuser(db::Session& session, const std::string& id) {
  const auto serialized = session.Exec(sql::kSerializeDemotions);
  if (!serialized.ok()) return serialized.status();
  db::Params params;
  params.Add(id);
  const auto rows = session.Exec(sql::kLockSuperusers, params);
  if (!rows.ok()) return rows.status();
  bool is_one = false;
  bool there_are_others = false;
  for (const pqxx::row& row : *rows) {
    if (row[1].c_str()[0] != 't') continue;
    (row[0].c_str() == id ? is_one : there_are_others) = true;
  }
  if (!is_one || there_are_others) return absl::OkStatus();
  return FailedPreconditionError("LAST_SUPERUSER", "this is the last active superuser");
}

}  // namespace vibestack::user_service
