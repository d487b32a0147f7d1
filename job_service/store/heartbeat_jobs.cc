#include "absl/container/flat_hash_map.h"
#include "job_service/store/lost_leases.h"
#include "job_service/store/rounds.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

using Extended = std::vector<absl::StatusOr<absl::Time>>;
using Round = std::vector<size_t>;

// Why the leases in `lost` were not extended.
absl::Status Explain(db::Session& session, const std::vector<Lease>& leases, const Round& lost,
                     Extended& extended) {
  std::vector<std::string> ids;
  for (const size_t i : lost) ids.push_back(leases[i].job_id);
  const auto reasons = ExplainLostLeases(session, ids);
  if (!reasons.ok()) return reasons.status();
  for (const size_t i : lost) extended[i] = reasons->at(leases[i].job_id);
  return absl::OkStatus();
}

absl::Status HeartbeatRound(db::Session& session, const std::vector<Lease>& leases,
                            const Round& round, Extended& extended) {
  db::ArrayBuilder ids;
  db::ArrayBuilder tokens;
  for (const size_t i : round) {
    ids.Add(leases[i].job_id);
    tokens.Add(std::to_string(leases[i].token));
  }
  db::Params params;
  params.Add(ids.Finish()).Add(tokens.Finish());
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kHeartbeatJobs, params);
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, absl::Time> held;
  for (const pqxx::row& row : *rows) held[row[0].c_str()] = ReadTime(row[1]);
  Round lost;
  for (const size_t i : round) {
    const auto it = held.find(leases[i].job_id);
    if (it == held.end()) {
      lost.push_back(i);
    } else {
      extended[i] = it->second;
    }
  }
  return lost.empty() ? absl::OkStatus() : Explain(session, leases, lost, extended);
}

}  // namespace

Extended HeartbeatJobs(db::Session& session, const std::vector<Lease>& leases) {
  Extended extended(leases.size(), absl::UnknownError("not answered"));
  const auto rounds = SplitIntoRounds(
      leases.size(), [&leases](size_t i) -> const std::string& { return leases[i].job_id; });
  for (const Round& round : rounds) {
    const absl::Status status = HeartbeatRound(session, leases, round, extended);
    if (status.ok()) continue;
    // Tokens that were got before the failure are good and stay.
    for (const size_t i : round) {
      if (absl::IsUnknown(extended[i].status())) extended[i] = status;
    }
  }
  return extended;
}

}  // namespace vibestack::job_service
