#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "job_service/api/access.h"
#include "job_service/api/convert.h"
#include "job_service/api/job_api.h"
#include "job_service/api/waiting.h"

namespace vibestack::job_service {
namespace {

using Response = pb::WatchJobsResponse;

constexpr int kPage = 1'000;
constexpr int kMaxEndedPages = 50;   // Of each status.
constexpr size_t kMaxChanges = 500;  // Jobs in one message.
// Bytes of results in one message. gRPC clients accept messages of 4 MiB by default.
constexpr size_t kMaxMessageResults = 1 << 20;

// A cursor is the time, by the clock of the database, before which the stream has sent all changes,
// as microseconds since 1970. It grants nothing: a stream sends only what its caller may see.
std::string ToCursor(absl::Time time) {
  return time == absl::InfinitePast() ? "" : absl::StrCat(absl::ToUnixMicros(time));
}

// Nothing for a text that is not a cursor.
std::optional<absl::Time> FromCursor(const std::string& cursor) {
  constexpr int64_t kEnd = 253'402'300'800'000'000;  // The year 10,000.
  int64_t micros = 0;
  const bool valid = absl::SimpleAtoi(cursor, &micros) && micros >= 0 && micros < kEnd;
  if (!valid) return std::nullopt;
  return absl::FromUnixMicros(micros);
}

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
  if (!request.since().empty() && !FromCursor(request.since()).has_value()) {
    validator.Add("since", "must be the cursor of a message of an earlier stream");
  }
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
std::vector<Response> ToMessages(const std::vector<Job>& jobs, pb::JobView view,
                                 absl::Time cursor) {
  std::vector<Response> messages;
  size_t bytes = 0;
  for (const Job& job : jobs) {
    const size_t more = job.result.has_value() ? job.result->size() : 0;
    if (messages.empty() || messages.back().jobs_size() == static_cast<int>(kMaxChanges) ||
        bytes + more > kMaxMessageResults) {
      messages.emplace_back();
      messages.back().set_cursor(ToCursor(cursor));
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

Task<absl::Status> JobApi::Recheck(Call& call, JobsWatch& watch) {
  const absl::Status authorized = co_await watch.stream.Reauthorize();
  if (!authorized.ok()) co_return authorized;
  co_return CheckFilter(call.caller(), watch.subscriber.filter());
}

Task<absl::Status> JobApi::SendOpenJobs(Call& call, JobsWatch& watch) {
  for (const JobStatus status : {JobStatus::kPending, JobStatus::kProcessing}) {
    JobQuery query =
        OpenJobs(watch.subscriber.filter(), status, ShowsResult(watch.view, pb::BASIC));
    bool more = true;
    while (more) {
      const absl::Status allowed = co_await Recheck(call, watch);
      if (!allowed.ok()) co_return allowed;
      const auto page = co_await stores_.list.List(query, call.WorkDeadline());
      if (!page.ok()) co_return page.status();
      const std::vector<Job>& jobs = page->jobs;
      watch.subscriber.RemoveSent(jobs);
      const std::vector<Response> messages = ToMessages(jobs, watch.view, watch.cursor);
      const absl::Status written = co_await WriteAll(messages, watch.stream);
      if (!written.ok()) co_return written;
      query.after = page->continue_after;
      if (jobs.size() == static_cast<size_t>(kPage)) {
        query.after = JobQuery::Position{jobs.back().created_at, jobs.back().id};
      }
      more = query.after.has_value();
    }
  }
  co_return absl::OkStatus();
}

Task<absl::Status> JobApi::SendEndedJobs(Call& call, JobsWatch& watch) {
  if (watch.cursor == absl::InfinitePast()) co_return absl::OkStatus();
  const absl::Time since = watch.cursor - FilterSubscriptions::kCommitTime;
  for (const JobStatus status : {JobStatus::kCompleted, JobStatus::kFailed}) {
    EndedQuery query;
    query.user_id = watch.subscriber.filter().user_id;
    query.workflow_id = watch.subscriber.filter().workflow_id;
    query.status = status;
    query.after.updated_at = since;
    for (int pages = 1; true; ++pages) {
      const absl::Status allowed = co_await Recheck(call, watch);
      if (!allowed.ok()) co_return allowed;
      const auto page = co_await stores_.list.ListEnded(query, call.WorkDeadline());
      if (!page.ok()) co_return page.status();
      const absl::Status sent = co_await SendJobs(call, watch, page->jobs);
      if (!sent.ok()) co_return sent;
      if (!page->continue_after.has_value()) break;
      if (pages == kMaxEndedPages) {
        watch.missed = true;
        break;
      }
      query.after = *page->continue_after;
    }
  }
  co_return absl::OkStatus();
}

Task<absl::Status> JobApi::SendJobs(Call& call, JobsWatch& watch, const std::vector<Job>& jobs) {
  watch.subscriber.RemoveSent(jobs);
  if (ShowsResult(watch.view, pb::BASIC)) {
    std::vector<JobPtr> ended;
    for (const Job& job : jobs) ended.push_back(std::make_shared<const Job>(job));
    co_return co_await SendResults(call, watch, ended, watch.cursor);
  }
  const std::vector<Response> messages = ToMessages(jobs, watch.view, watch.cursor);
  co_return co_await WriteAll(messages, watch.stream);
}

Task<absl::Status> JobApi::SendResults(Call& call, JobsWatch& watch, std::vector<JobPtr>& changed,
                                       absl::Time cursor) {
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
    std::vector<Response> messages = ToMessages(jobs, watch.view, watch.cursor);
    if (changed.empty() && !messages.empty()) messages.back().set_cursor(ToCursor(cursor));
    const absl::Status written = co_await WriteAll(messages, watch.stream);
    if (!written.ok()) co_return written;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> JobApi::SendChanges(Call& call, JobsWatch& watch) {
  const absl::Status allowed = co_await Recheck(call, watch);
  if (!allowed.ok()) co_return allowed;
  // Before Take(): what the subscriptions heard of later may not be in the queue yet.
  const absl::Time heard_until = filter_subscriptions_.heard_until();
  absl::StatusOr<FilterSubscriber::Changes> changes = watch.subscriber.Take(kMaxChanges);
  if (!changes.ok()) co_return changes.status();
  const absl::Time cursor = changes->last ? std::max(watch.cursor, heard_until) : watch.cursor;
  if (ShowsResult(watch.view, pb::BASIC)) {
    const absl::Time of_last = changes->deleted_ids.empty() ? cursor : watch.cursor;
    const absl::Status sent = co_await SendResults(call, watch, changes->jobs, of_last);
    if (!sent.ok()) {
      watch.subscriber.PutBack(*std::move(changes));
      co_return sent;
    }
  }
  std::vector<Job> jobs;
  for (const JobPtr& job : changes->jobs) jobs.push_back(*job);
  std::vector<Response> messages = ToMessages(jobs, watch.view, watch.cursor);
  if (!changes->deleted_ids.empty() || changes->missed) {
    messages.emplace_back();
    for (std::string& id : changes->deleted_ids) messages.back().add_deleted_ids(std::move(id));
    messages.back().set_changes_missed(changes->missed);
  }
  if (!messages.empty()) messages.back().set_cursor(ToCursor(cursor));
  watch.cursor = cursor;
  co_return co_await WriteAll(messages, watch.stream);
}

Task<absl::Status> JobApi::SendSigns(JobsWatch& watch, Heartbeat& heartbeat) {
  const absl::Time now = absl::Now();
  Response message;
  message.set_cursor(ToCursor(watch.cursor));
  if (!watch.caught_up && watch.cursor != absl::InfinitePast()) {
    message.set_caught_up(true);
    message.set_changes_missed(watch.missed);
    watch.caught_up = true;
  } else if (!heartbeat.IsDue(now)) {
    co_return absl::OkStatus();
  } else if (!filter_subscriptions_.Hears(now)) {
    heartbeat.Restart(now);
    co_return absl::OkStatus();
  }
  heartbeat.Restart(now);
  co_return co_await watch.stream.Write(message);
}

Task<absl::Status> JobApi::WatchJobs(Call& call, const pb::WatchJobsRequest& request,
                                     rpc::ServerStream<Response>& stream) {
  const absl::StatusOr<JobFilter> filter = ToFilter(call.caller(), request);
  if (!filter.ok()) co_return filter.status();
  const absl::Status allowed = CheckFilter(call.caller(), *filter);
  if (!allowed.ok()) co_return allowed;
  const auto subscriber = std::make_shared<FilterSubscriber>(*filter);
  JobsWatch watch{request.view(), *subscriber, stream};
  if (!request.since().empty()) watch.cursor = *FromCursor(request.since());
  // Subscribe before listing, so that changes in between are queued and sent afterwards.
  const FilterSubscriptions::Subscription filter_subscription =
      filter_subscriptions_.Subscribe(subscriber);
  const absl::Status open = co_await SendOpenJobs(call, watch);
  if (!open.ok()) co_return open;
  const absl::Status ended = co_await SendEndedJobs(call, watch);
  if (!ended.ok()) co_return ended;
  Heartbeat heartbeat(request.has_heartbeat() ? &request.heartbeat() : nullptr);
  heartbeat.Restart(absl::Now());
  int failures = 0;
  while (true) {
    auto waker = std::make_shared<Waker>();
    const JobSubscriptions::Subscription subscription =
        job_subscriptions_.SubscribeToJobAndUser("", call.caller().user_id, waker);
    absl::Status sent = co_await SendChanges(call, watch);
    if (sent.ok()) sent = co_await SendSigns(watch, heartbeat);
    if (!sent.ok() && !IsTransient(sent)) co_return sent;
    failures = sent.ok() ? 0 : failures + 1;
    if (sent.ok()) subscriber->WakeOnChange(waker);
    // The first poll may have ended since SendChanges.
    const bool has_cursor = filter_subscriptions_.heard_until() != absl::InfinitePast();
    if (sent.ok() && !watch.caught_up && has_cursor) continue;
    const Wake reason = co_await AwaitChange(call, waker, failures, heartbeat.due());
    if (reason == Wake::kGone) co_return rpc::ClientGoneError();
    if (reason == Wake::kStopping) co_return StoppingError();
  }
}

}  // namespace vibestack::job_service
