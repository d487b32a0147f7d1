#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/rpc/validator.h"
#include "user_service/api/convert.h"
#include "user_service/api/user_api.h"

// ExportUser reads a page of jobs only after it wrote the previous page. So a slow reader or a user
// with many jobs takes little memory and no database connection between pages.
namespace vibestack::user_service {
namespace {

using user::v1::ExportUserResponse;

constexpr int64_t kFirstJobs = 16;
constexpr int64_t kMostJobs = 512;
// Bytes of results in one message. gRPC clients accept messages of 4 MiB by default.
constexpr int64_t kMostBytes = 1 << 20;

void AddJob(const StoredJob& job, ExportUserResponse& response) {
  user::v1::ExportedJob& exported = *response.add_jobs();
  exported.set_id(job.id);
  exported.set_workflow_id(job.workflow_id);
  exported.set_status(job.status);
  if (job.result_json.has_value()) exported.set_result_json(*job.result_json);
  *exported.mutable_created_at() = rpc::ToTimestamp(job.created_at);
  *exported.mutable_updated_at() = rpc::ToTimestamp(job.updated_at);
}

// The number of jobs to ask for next. It doubles while pages are full, so that small jobs need few
// statements. It shrinks when large results end a page early, because PostgreSQL read the other
// rows in vain.
int64_t NextSize(int64_t asked, int64_t got) {
  if (got == asked) return std::min(asked * 2, kMostJobs);
  return got;
}

}  // namespace

Task<absl::Status> UserApi::ExportUser(rpc::Call& call, const user::v1::ExportUserRequest& request,
                                       rpc::ServerStream<ExportUserResponse>& stream) {
  const absl::StatusOr<std::string> id = ReachableUser(call.caller(), "id", request.id());
  if (!id.ok()) co_return id.status();
  const absl::StatusOr<UserPtr> user = co_await users_.Get(*id, call.WorkDeadline());
  if (!user.ok()) co_return user.status();
  if (*user == nullptr) co_return NotFoundError("user", "users/" + *id);
  ExportUserResponse first;
  *first.mutable_user() = ToProto(**user);
  absl::Status written = co_await stream.Write(first);
  if (!written.ok()) co_return written;
  JobPageQuery query{.user_id = *id, .most_jobs = kFirstJobs, .most_bytes = kMostBytes};
  while (true) {
    const absl::StatusOr<std::vector<StoredJob>> jobs =
        co_await users_.ListJobs(query, call.WorkDeadline());
    if (!jobs.ok()) co_return jobs.status();
    // Writing the previous message may have taken long. A caller who was banned or demoted in the
    // meantime gets no further message.
    const absl::Status admitted = co_await stream.Reauthorize();
    if (!admitted.ok()) co_return admitted;
    const absl::StatusOr<std::string> reached = ReachableUser(call.caller(), "id", *id);
    if (!reached.ok()) co_return reached.status();
    ExportUserResponse page;
    for (const StoredJob& job : *jobs) AddJob(job, page);
    page.set_complete(jobs->empty());
    written = co_await stream.Write(page);
    if (!written.ok() || jobs->empty()) co_return written;
    query.after_created_at = jobs->back().created_at;
    query.after_id = jobs->back().id;
    query.most_jobs = NextSize(query.most_jobs, static_cast<int64_t>(jobs->size()));
  }
}

}  // namespace vibestack::user_service
