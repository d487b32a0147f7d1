#include "job_service/store/lost_leases.h"

#include "job_service/domain/lease_errors.h"
#include "job_service/store/sql.h"

namespace vibestack::job_service {

absl::StatusOr<absl::flat_hash_map<std::string, absl::Status>> ExplainLostLeases(
    db::Session& session, const std::vector<std::string>& job_ids) {
  absl::flat_hash_map<std::string, absl::Status> reasons;
  if (job_ids.empty()) return reasons;
  for (const std::string& id : job_ids) reasons[id] = NotFoundError("job", id);
  db::Params params;
  params.Add(db::EncodeArray(job_ids));
  const auto rows = session.Exec(sql::kExplainLeases, params);
  if (!rows.ok()) return rows.status();
  for (const pqxx::row& row : *rows) {
    const bool cancelled = !row[1].is_null() && row[1].as<bool>();
    reasons[row[0].c_str()] = cancelled ? JobCancelledError() : LeaseLostError();
  }
  return reasons;
}

}  // namespace vibestack::job_service
