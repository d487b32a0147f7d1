#include <utility>

#include "absl/container/flat_hash_map.h"
#include "job_service/store/lost_leases.h"
#include "job_service/store/rounds.h"
#include "job_service/store/rows.h"
#include "job_service/store/sql.h"
#include "job_service/store/statements.h"

namespace vibestack::job_service {
namespace {

using Written = std::vector<absl::StatusOr<HeldJob>>;
using Round = std::vector<size_t>;

// Why the leases in `lost` were not held.
absl::Status Explain(db::Session& session, const std::vector<Lease>& leases, const Round& lost,
                     Written& written) {
  std::vector<std::string> ids;
  for (const size_t i : lost) ids.push_back(leases[i].job_id);
  const auto reasons = ExplainLostLeases(session, ids);
  if (!reasons.ok()) return reasons.status();
  for (const size_t i : lost) written[i] = reasons->at(leases[i].job_id);
  return absl::OkStatus();
}

absl::Status WriteRound(db::Session& session, const std::vector<Lease>& leases, JobStatus status,
                        const Round& round, Written& written) {
  db::ArrayBuilder ids;
  db::ArrayBuilder tokens;
  for (const size_t i : round) {
    ids.Add(leases[i].job_id);
    tokens.Add(std::to_string(leases[i].token));
  }
  db::Params params;
  params.Add(ids.Finish()).Add(tokens.Finish()).Add(JobStatusName(status));
  const absl::StatusOr<pqxx::result> rows = session.Exec(sql::kHoldJobs, params);
  if (!rows.ok()) return rows.status();
  absl::flat_hash_map<std::string, HeldJob> held;
  for (const pqxx::row& row : *rows) {
    held[row[0].c_str()] = HeldJob{row[1].c_str(), ReadTime(row[2])};
  }
  Round lost;
  for (const size_t i : round) {
    const auto it = held.find(leases[i].job_id);
    if (it == held.end()) {
      lost.push_back(i);
    } else {
      written[i] = std::move(it->second);
    }
  }
  return lost.empty() ? absl::OkStatus() : Explain(session, leases, lost, written);
}

Written Write(db::Session& session, const std::vector<Lease>& leases, JobStatus job_status) {
  Written written(leases.size(), absl::UnknownError("not answered"));
  const auto rounds = SplitIntoRounds(
      leases.size(), [&leases](size_t i) -> const std::string& { return leases[i].job_id; });
  for (const Round& round : rounds) {
    const absl::Status status = WriteRound(session, leases, job_status, round, written);
    if (status.ok()) continue;
    // What was written before the failure is and stays.
    for (const size_t i : round) {
      if (absl::IsUnknown(written[i].status())) written[i] = status;
    }
  }
  return written;
}

}  // namespace

Written HeartbeatJobs(db::Session& session, const std::vector<Lease>& leases) {
  return Write(session, leases, JobStatus::kProcessing);
}

Written ReleaseJobs(db::Session& session, const std::vector<Lease>& leases) {
  return Write(session, leases, JobStatus::kPending);
}

}  // namespace vibestack::job_service
