#include <algorithm>
#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/waiting.h"

namespace vibestack::job_service {
namespace {

using Response = pb::WatchJobsResponse;

constexpr int kPage = 1'000;
constexpr size_t kMaxChanges = 500;  // Jobs in one message.
// Bytes of results in one message. gRPC clients accept messages of 4 MiB by default.
constexpr size_t kMaxMessageResults = 1 << 20;

absl::StatusOr<JobFilter> ToFilter(const auth::Caller& caller,
                                   const pb::WatchJobsRequest& request) {
  rpc::Validator validator;
  JobFilter filter;
  if (request.user_id().empty()) {
    filter.user_id = BoundTo(caller);
  } else {
    filter.user_id = ResolveUser(caller, "user_id", request.user_id(), validator);
  }
  if (!request.workflow_id().empty()) {
    validator.Text("workflow_id", request.workflow_id(), 1, kMaxWorkflowId);
    filter.workflow_id = request.workflow_id();
  }
  CheckView(request.view(), validator);
  if (request.has_heartbeat()) validator.Span("heartbeat", request.heartbeat());
  if (!validator.ok()) return validator.ToStatus();
  return filter;
}

// OK if the caller, with their present rights, may see the jobs that match the filter.
absl::Status CheckFilter(const auth::Caller& caller, const JobFilter& filter) {
  const auto bound = BoundTo(caller);
  if (bound.has_value() && filter.user_id != bound) return NotYoursError();
  return absl::OkStatus();
}

JobQuery OpenJobs(const JobFilter& filter, JobStatus status, bool with_result) {
  JobQuery query;
  query.user_id = filter.user_id;
  query.workflow_id = filter.workflow_id;
  query.status = status;
  query.oldest_first = true;
  query.limit = kPage;
  query.with_result = with_result;
  return query;
}

// Converts jobs to messages of a bounded size.
std::vector<Response> ToMessages(const std::vector<Job>& jobs, pb::JobView view) {
  std::vector<Response> messages;
  size_t bytes = 0;
  for (const Job& job : jobs) {
    const size_t more = job.result.has_value() ? job.result->size() : 0;
    if (messages.empty() || messages.back().jobs_size() == static_cast<int>(kMaxChanges) ||
        bytes + more > kMaxMessageResults) {
      messages.emplace_back();
      bytes = 0;
    }
    bytes += more;
    *messages.back().add_jobs() = ToProto(job, view);
  }
  return messages;
}

Task<absl::Status> WriteAll(const std::vector<Response>& messages,
                            rpc::ServerStream<Response>& stream) {
  for (const Response& message : messages) {
    const absl::Status written = co_await stream.Write(message);
    if (!written.ok()) co_return written;
  }
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::Status> JobApi::Recheck(Call& call, const FilterSubscriber& subscriber,
                                   rpc::ServerStream<Response>& stream) {
  const absl::Status authorized = co_await stream.Reauthorize();
  if (!authorized.ok()) co_return authorized;
  co_return CheckFilter(call.caller(), subscriber.filter());
}

Task<absl::Status> JobApi::SendOpenJobs(Call& call, pb::JobView view, FilterSubscriber& subscriber,
                                        rpc::ServerStream<Response>& stream) {
  for (const JobStatus status : {JobStatus::kPending, JobStatus::kProcessing}) {
    JobQuery query = OpenJobs(subscriber.filter(), status, ShowsResult(view, pb::BASIC));
    bool more = true;
    while (more) {
      const absl::Status allowed = co_await Recheck(call, subscriber, stream);
      if (!allowed.ok()) co_return allowed;
      const auto page = co_await stores_.list.List(query, call.WorkDeadline());
      if (!page.ok()) co_return page.status();
      const std::vector<Job>& jobs = page->jobs;
      subscriber.RemoveSent(jobs);
      const std::vector<Response> messages = ToMessages(jobs, view);
      const absl::Status written = co_await WriteAll(messages, stream);
      if (!written.ok()) co_return written;
      query.after = page->continue_after;
      if (jobs.size() == static_cast<size_t>(kPage)) {
        query.after = JobQuery::Position{jobs.back().created_at, jobs.back().id};
      }
      more = query.after.has_value();
    }
  }
  Response message;
  message.set_caught_up(true);
  co_return co_await stream.Write(message);
}

Task<absl::Status> JobApi::SendResults(Call& call, pb::JobView view, std::vector<JobPtr>& changed,
                                       rpc::ServerStream<Response>& stream) {
  while (!changed.empty()) {
    std::vector<std::string> ids;
    ids.reserve(changed.size());
    for (const JobPtr& job : changed) ids.push_back(job->id);
    const absl::StatusOr<std::vector<JobPtr>> full =
        co_await stores_.read.GetUpTo(std::move(ids), call.WorkDeadline());
    if (!full.ok()) co_return full.status();
    std::vector<Job> jobs;
    for (size_t i = 0; i < full->size(); ++i) {
      // Skip a job that has changed or was deleted since: the subscription queues it again.
      const JobPtr& job = (*full)[i];
      if (job != nullptr && job->updated_at == changed[i]->updated_at) jobs.push_back(*job);
    }
    changed.erase(changed.begin(), changed.begin() + static_cast<ptrdiff_t>(full->size()));
    const std::vector<Response> messages = ToMessages(jobs, view);
    const absl::Status written = co_await WriteAll(messages, stream);
    if (!written.ok()) co_return written;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> JobApi::SendChanges(Call& call, pb::JobView view, FilterSubscriber& subscriber,
                                       rpc::ServerStream<Response>& stream) {
  const absl::Status allowed = co_await Recheck(call, subscriber, stream);
  if (!allowed.ok()) co_return allowed;
  absl::StatusOr<FilterSubscriber::Changes> changes = subscriber.Take(kMaxChanges);
  if (!changes.ok() || changes->empty()) co_return changes.status();
  std::vector<Job> jobs;
  if (ShowsResult(view, pb::BASIC)) {
    const absl::Status sent = co_await SendResults(call, view, changes->jobs, stream);
    if (!sent.ok()) {
      subscriber.PutBack(*std::move(changes));
      co_return sent;
    }
  } else {
    for (const JobPtr& job : changes->jobs) jobs.push_back(*job);
  }
  std::vector<Response> messages = ToMessages(jobs, view);
  if (!changes->deleted_ids.empty() || changes->missed) {
    messages.emplace_back();
    for (std::string& id : changes->deleted_ids) messages.back().add_deleted_ids(std::move(id));
    messages.back().set_changes_missed(changes->missed);
  }
  co_return co_await WriteAll(messages, stream);
}

Task<absl::Status> JobApi::WatchJobs(Call& call, const pb::WatchJobsRequest& request,
                                     rpc::ServerStream<Response>& stream) {
  const absl::StatusOr<JobFilter> filter = ToFilter(call.caller(), request);
  if (!filter.ok()) co_return filter.status();
  const absl::Status allowed = CheckFilter(call.caller(), *filter);
  if (!allowed.ok()) co_return allowed;
  const auto subscriber = std::make_shared<FilterSubscriber>(*filter);
  // Subscribe before listing, so that changes in between are queued and sent afterwards.
  const FilterSubscriptions::Subscription filter_subscription =
      filter_subscriptions_.Subscribe(subscriber);
  const absl::Status listed = co_await SendOpenJobs(call, request.view(), *subscriber, stream);
  if (!listed.ok()) co_return listed;
  Heartbeat heartbeat(request.has_heartbeat() ? &request.heartbeat() : nullptr);
  heartbeat.Restart(absl::Now());
  int failures = 0;
  while (true) {
    auto waker = std::make_shared<Waker>();
    const JobSubscriptions::Subscription subscription =
        job_subscriptions_.SubscribeToJobAndUser("", call.caller().user_id, waker);
    const absl::Status sent = co_await SendChanges(call, request.view(), *subscriber, stream);
    if (!sent.ok() && !IsTransient(sent)) co_return sent;
    failures = sent.ok() ? 0 : failures + 1;
    if (sent.ok()) subscriber->WakeOnChange(waker);
    if (sent.ok() && heartbeat.IsDue(absl::Now())) {
      heartbeat.Restart(absl::Now());
      const Response empty;
      const absl::Status written = co_await stream.Write(empty);
      if (!written.ok()) co_return written;
    }
    const Wake reason = co_await AwaitChange(call, waker, failures, heartbeat.due());
    if (reason == Wake::kGone) co_return rpc::ClientGoneError();
    if (reason == Wake::kStopping) co_return StoppingError();
  }
}

}  // namespace vibestack::job_service
