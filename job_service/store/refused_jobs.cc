#include "job_service/store/refused_jobs.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "common/base/error.h"
#include "common/telemetry/log.h"

namespace vibestack::job_service {
namespace {

// How long a refused job is left out. Then it is tried again: the other program may allow it.
constexpr absl::Duration kLeftOutFor = absl::Minutes(10);
constexpr size_t kMaxJobs = 1'000;

// How many refused jobs one call looks for.
constexpr int kMaxFound = 50;
// By how much the limit shrinks after a refusal.
constexpr int kShrink = 8;

}  // namespace

RefusedJobs::RefusedJobs(Metrics& metrics) : metrics_(metrics) {
  for (const char* statement : {"claim_jobs", "claim_dispatches", "sweep_jobs", "expire_runs",
                                "fail_overdue", "release_scheduled", "expire_jobs"}) {
    CounterOf(statement);
  }
}

prometheus::Counter& RefusedJobs::CounterOf(const char* statement) {
  return metrics_.Counter(
      "vibestack_refused_jobs_total",
      "Jobs that a sweep or a claim left out because another program refused the write.",
      {{"statement", statement}});
}

std::string RefusedJobs::AsArray() {
  db::ArrayBuilder ids;
  absl::MutexLock lock(&mutex_);
  if (!jobs_.empty()) {
    const absl::Time now = absl::Now();
    absl::erase_if(jobs_, [now](const auto& job) { return job.second <= now; });
    for (const auto& [id, until] : jobs_) ids.Add(id);
  }
  return ids.Finish();
}

void RefusedJobs::Add(const std::string& job_id, const char* statement,
                      const absl::Status& status) {
  CounterOf(statement).Increment();
  Log(LogLevel::kWarning, "job_write_refused",
      {{"job_id", job_id}, {"statement", statement}, {"reason", ErrorReason(status)}});
  absl::MutexLock lock(&mutex_);
  if (jobs_.size() < kMaxJobs) jobs_[job_id] = absl::Now() + kLeftOutFor;
}

bool IsRefusal(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status) ||
         absl::IsAlreadyExists(status);
}

absl::Status WriteAroundRefused(
    RefusedJobs& refused, const char* statement, int limit,
    const std::function<absl::StatusOr<int>(int limit, std::string* first)>& write) {
  int left = limit;
  int most = limit;
  int found = 0;
  bool is_alone = false;
  while (left > 0) {
    const int now = std::min(most, left);
    std::string first;
    const absl::StatusOr<int> written = write(now, is_alone ? &first : nullptr);
    if (written.ok()) {
      left -= *written;
      if (*written < now) return absl::OkStatus();
      most = std::min(most * 2, limit);
      is_alone = false;
      continue;
    }
    if (!IsRefusal(written.status())) return written.status();
    if (now > 1) {
      most = std::max(now / kShrink, 1);
    } else if (!is_alone) {
      is_alone = true;
    } else if (first.empty() || ++found > kMaxFound) {
      return written.status();
    } else {
      refused.Add(first, statement, written.status());
      most = limit;
      is_alone = false;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FindFirst(db::Session& session, const db::Statement& find,
                                      const db::Params& params) {
  const absl::StatusOr<pqxx::result> rows = session.Exec(find, params);
  if (!rows.ok()) return rows.status();
  return rows->empty() ? std::string() : std::string((*rows)[0][0].c_str());
}

absl::Status RunSetStatement(db::Session& session, RefusedJobs& refused,
                             const SetStatement& statement, int limit,
                             const std::function<void(const pqxx::result&)>& read) {
  return WriteAroundRefused(refused, statement.write.name, limit,
                            [&](int most, std::string* first) -> absl::StatusOr<int> {
                              db::Params params = statement.params(most);
                              params.Add(refused.AsArray());
                              absl::StatusOr<pqxx::result> rows = pqxx::result();
                              if (first == nullptr) {
                                rows = session.Exec(statement.write, params);
                              } else {
                                const absl::Status status = session.Transact([&]() -> absl::Status {
                                  absl::StatusOr<std::string> id =
                                      FindFirst(session, statement.find, params);
                                  if (!id.ok()) return id.status();
                                  *first = *std::move(id);
                                  if (first->empty()) return absl::OkStatus();
                                  rows = session.Exec(statement.write, params);
                                  return rows.status();
                                });
                                if (!status.ok()) return status;
                              }
                              if (!rows.ok()) return rows.status();
                              read(*rows);
                              return static_cast<int>(rows->size());
                            });
}

}  // namespace vibestack::job_service
