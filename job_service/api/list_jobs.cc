#include <optional>
#include <utility>

#include "common/rpc/page_token.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"

namespace vibestack::job_service {
namespace {

JobStatus FromProto(pb::Job::Status status) {
  switch (status) {
    case pb::Job::PENDING:
      return JobStatus::kPending;
    case pb::Job::PROCESSING:
      return JobStatus::kProcessing;
    case pb::Job::COMPLETED:
      return JobStatus::kCompleted;
    case pb::Job::FAILED:
      return JobStatus::kFailed;
    default:
      return JobStatus::kUnknown;
  }
}

// Rounds up to whole microseconds, the precision of stored times, so that a lower bound includes no
// earlier row.
absl::Time RoundUp(absl::Time time) {
  const absl::Time floor = absl::FromUnixMicros(absl::ToUnixMicros(time));
  return floor < time ? floor + absl::Microseconds(1) : floor;
}

// Checks and converts the filters of the request.
JobQuery ToFilters(const auth::Caller& caller, const pb::ListJobsRequest& request,
                   rpc::Validator& validator) {
  JobQuery query;
  if (!request.user_id().empty()) {
    query.user_id = ResolveUser(caller, "user_id", request.user_id(), validator);
  } else {
    query.user_id = BoundTo(caller);
  }
  if (!request.workflow_id().empty()) {
    validator.Text("workflow_id", request.workflow_id(), 1, kMaxWorkflowId);
    query.workflow_id = request.workflow_id();
  }
  if (request.status() != pb::Job::STATUS_UNSPECIFIED) {
    query.status = FromProto(request.status());
    if (*query.status == JobStatus::kUnknown) validator.Add("status", "is not a known status");
  }
  if (request.has_created_after()) {
    validator.Time("created_after", request.created_after());
    query.created_from = RoundUp(rpc::ToTime(request.created_after()));
  }
  if (request.has_created_before()) {
    validator.Time("created_before", request.created_before());
    query.created_before = RoundUp(rpc::ToTime(request.created_before()));
  }
  CheckView(request.view(), validator);
  query.oldest_first = request.oldest_first();
  query.with_result = ShowsResult(request.view(), pb::BASIC);
  return query;
}

// Checks and converts the request to a query for one page. A page token must have been issued for
// `filter`.
absl::StatusOr<JobQuery> ToQuery(const auth::Caller& caller, const pb::ListJobsRequest& request,
                                 const std::string& filter) {
  rpc::Validator validator;
  JobQuery query = ToFilters(caller, request, validator);
  const absl::StatusOr<int> page_size = rpc::PageSize(request.page_size());
  if (!page_size.ok()) validator.Add("page_size", "must not be negative");
  if (!validator.ok()) return validator.ToStatus();
  query.limit = *page_size;
  query.may_lag = true;
  if (query.user_id.has_value()) {
    const absl::Status allowed = CheckMayNameUser(caller, *query.user_id);
    if (!allowed.ok()) return allowed;
  }
  if (request.page_token().empty()) return query;
  const absl::StatusOr<rpc::PagePosition> position =
      rpc::DecodePageToken(request.page_token(), filter);
  if (!position.ok()) return position.status();
  query.after = JobQuery::Position{position->created_at, position->id};
  return query;
}

}  // namespace

Task<absl::StatusOr<pb::ListJobsResponse>> JobApi::ListJobs(Call& call,
                                                            const pb::ListJobsRequest& request) {
  const std::string filter =
      rpc::PageFilter(request, BoundTo(call.caller()).value_or(std::string()));
  absl::StatusOr<JobQuery> query = ToQuery(call.caller(), request, filter);
  if (!query.ok()) co_return query.status();
  const size_t page_size = static_cast<size_t>(query->limit);
  ++query->limit;  // One more row, to know whether there is a next page.
  absl::StatusOr<JobPage> page = co_await stores_.list.List(*std::move(query), call.WorkDeadline());
  if (!page.ok()) co_return page.status();
  std::optional<JobQuery::Position> last = page->continue_after;
  if (page->jobs.size() > page_size) {
    page->jobs.resize(page_size);
    last = JobQuery::Position{page->jobs.back().created_at, page->jobs.back().id};
  }
  pb::ListJobsResponse response;
  size_t bytes = 0;
  for (size_t i = 0; i < page->jobs.size(); ++i) {
    pb::Job job = ToProto(page->jobs[i], request.view());
    bytes += job.ByteSizeLong();
    // The store bounds the text of the results, and a Value takes up to 3.7 times as much.
    if (i > 0 && bytes > kMaxPageBytes && ShowsResult(request.view(), pb::BASIC)) {
      last = JobQuery::Position{page->jobs[i - 1].created_at, page->jobs[i - 1].id};
      break;
    }
    *response.add_jobs() = std::move(job);
  }
  if (last.has_value()) {
    response.set_next_page_token(rpc::EncodePageToken({last->created_at, last->id}, filter));
  }
  co_return response;
}

}  // namespace vibestack::job_service
