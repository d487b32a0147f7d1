#include <algorithm>
#include <atomic>
#include <utility>

#include "common/async/completion.h"
#include "common/base/error.h"
#include "job_service/api/job_api.h"

namespace vibestack::job_service {
namespace {

// Several tasks that go on at once and the one task that waits for all of them.
struct Gathering {
  explicit Gathering(size_t tasks) : left(tasks), outcomes(tasks) {}

  std::atomic<size_t> left;
  std::vector<absl::Status> outcomes;
  Completion<bool> done;
};

Task<void> Gather(Task<absl::Status> task, size_t index, Gathering& gathering) {
  gathering.outcomes[index] = co_await task;
  // After the last one nothing may touch the gathering.
  if (gathering.left.fetch_sub(1) == 1) gathering.done.Set(true);
}

}  // namespace

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
  Gathering gathering(user_ids.size());
  for (size_t i = 0; i < user_ids.size(); ++i) {
    Start(Gather(CheckOwner(caller, user_ids[i], deadline), i, gathering));
  }
  co_await gathering.done;
  for (const absl::Status& outcome : gathering.outcomes) {
    if (!outcome.ok()) co_return outcome;
  }
  co_return absl::OkStatus();
}

}  // namespace vibestack::job_service
