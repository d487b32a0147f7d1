#include <algorithm>
#include <utility>

#include "common/async/gather.h"
#include "common/base/error.h"
#include "job_service/api/job_api.h"

namespace vibestack::job_service {
Task<absl::Status> JobApi::CheckOwner(const auth::Caller& caller, const std::string& user_id,
                                      absl::Time deadline) {
  if (caller.Is(user_id)) co_return absl::OkStatus();
  const absl::StatusOr<auth::AccountState> owner = co_await owners_.Find(user_id, deadline);
  if (!owner.ok()) co_return owner.status();
  if (!owner->exists) co_return NotFoundError("user", user_id);
  if (!owner->is_active) {
    co_return FailedPreconditionError("ACCOUNT_INACTIVE", "the user's account is not active");
  }
  co_return absl::OkStatus();
}

Task<absl::Status> JobApi::CheckOwners(const auth::Caller& caller,
                                       std::vector<std::string> user_ids, absl::Time deadline) {
  std::sort(user_ids.begin(), user_ids.end());
  user_ids.erase(std::unique(user_ids.begin(), user_ids.end()), user_ids.end());
  std::vector<Task<absl::Status>> checks;
  checks.reserve(user_ids.size());
  for (const std::string& user_id : user_ids) {
    checks.push_back(CheckOwner(caller, user_id, deadline));
  }
  const std::vector<absl::Status> outcomes = co_await Gather(std::move(checks));
  for (const absl::Status& outcome : outcomes) {
    if (!outcome.ok()) co_return outcome;
  }
  co_return absl::OkStatus();
}

}  // namespace vibestack::job_service
