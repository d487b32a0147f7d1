#include "job_service/store/notify_store.h"

#include <functional>
#include <utility>

#include "job_service/store/sql.h"

namespace vibestack::job_service {

Task<absl::Status> NotifyStore::Send(std::vector<std::string> payloads, absl::Time deadline) {
  std::function<absl::StatusOr<bool>(db::Session&)> work =
      [&payloads](db::Session& session) -> absl::StatusOr<bool> {
    db::Params params;
    params.Add(db::EncodeArray(payloads));
    const absl::Status status = session.Exec(sql::kNotify, params).status();
    if (!status.ok()) return status;
    return true;
  };
  const absl::StatusOr<bool> sent =
      co_await pool_.Run<bool>(deadline, db::Repeat::kSafe, std::move(work));
  co_return sent.status();
}

}  // namespace vibestack::job_service
