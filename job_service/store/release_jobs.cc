#include "absl/container/flat_hash_map.h"
#include "job_service/store/lost_leases.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {

absl::StatusOr<std::vector<absl::StatusOr<std::string>>> ReleaseJobs(
    db::Session& session, const std::vector<Lease>& leases) {
  db::ArrayBuilder ids;
  db::ArrayBuilder tokens;
  for (const Lease& lease : leases) {
    ids.Add(lease.job_id);
    tokens.Add(std::to_string(lease.token));
  }
  db::Params params;
  params.Add(ids.Finish()).Add(tokens.Finish());
  const auto rows = session.Exec(sql::kReleaseJobs, params);
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, std::string> workflows;
  for (const pqxx::row& row : *rows) workflows[row[0].c_str()] = row[1].c_str();
  std::vector<std::string> lost;
  for (const Lease& lease : leases) {
    if (!workflows.contains(lease.job_id)) lost.push_back(lease.job_id);
  }
  const auto reasons = ExplainLostLeases(session, lost);
  if (!reasons.ok() && workflows.empty()) return reasons.status();
  std::vector<absl::StatusOr<std::string>> released;
  for (const Lease& lease : leases) {
    const auto workflow = workflows.find(lease.job_id);
    if (workflow != workflows.end()) {
      released.emplace_back(workflow->second);
    } else {
      // What was handed back is, even if the second statement failed.
      released.emplace_back(reasons.ok() ? reasons->at(lease.job_id) : reasons.status());
    }
  }
  return released;
}

}  // namespace vibestack::job_service
