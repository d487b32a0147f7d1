#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/uuid.h"
#include "common/rpc/event_stream.h"
#include "job_service/api/job_api.h"

// The watches as server-sent events.
namespace vibestack::job_service {
namespace {

constexpr char kLastEventId[] = "last-event-id";

// The id of an event is the version of the job.
std::string EventId(absl::Time updated_at) { return absl::StrCat(absl::ToUnixMicros(updated_at)); }

class JobEvents final : public rpc::EventStream {
 public:
  using EventStream::EventStream;

 private:
  std::string IdOf(const google::protobuf::Message& message) const override {
    const auto& updated_at = static_cast<const pb::Job&>(message).updated_at();
    return EventId(absl::FromUnixSeconds(updated_at.seconds()) +
                   absl::Nanoseconds(updated_at.nanos()));
  }
};

class ChangeEvents final : public rpc::EventStream {
 public:
  using EventStream::EventStream;

 private:
  std::string IdOf(const google::protobuf::Message& message) const override {
    return static_cast<const pb::WatchJobsResponse&>(message).cursor();
  }
};

}  // namespace

Task<absl::StatusOr<bool>> JobApi::HasSeenTheEnd(Call& call, const std::string& id) {
  const std::string last = call.Metadata(kLastEventId);
  if (last.empty()) co_return false;
  const absl::StatusOr<JobPtr> job = co_await ReadJob(call, CanonicalUuid(id), false);
  if (!job.ok()) co_return job.status();
  co_return IsTerminal((*job)->status) && last == EventId((*job)->updated_at);
}

Task<absl::Status> JobApi::WatchJobEvents(Call& call, const pb::WatchJobEventsRequest& request,
                                          rpc::ServerStream<google::api::HttpBody>& stream) {
  pb::WatchJobRequest watch;
  watch.set_id(request.id());
  watch.set_view(request.view());
  if (request.has_heartbeat()) *watch.mutable_heartbeat() = request.heartbeat();
  const absl::Status valid = CheckWatch(watch);
  if (!valid.ok()) co_return valid;
  const absl::StatusOr<bool> seen = co_await HasSeenTheEnd(call, request.id());
  if (!seen.ok()) co_return seen.status();
  // The gateway responds with 204 to a stream that ends without an event.
  if (*seen) co_return absl::OkStatus();
  JobEvents events(stream);
  rpc::ServerStream<pb::Job> jobs(events);
  absl::Status ended = co_await WatchJob(call, watch, jobs);
  co_return co_await events.End(std::move(ended));
}

Task<absl::Status> JobApi::WatchJobsEvents(Call& call, const pb::WatchJobsEventsRequest& request,
                                           rpc::ServerStream<google::api::HttpBody>& stream) {
  pb::WatchJobsRequest watch;
  watch.set_user_id(request.user_id());
  watch.set_workflow_id(request.workflow_id());
  watch.set_view(request.view());
  if (request.has_heartbeat()) *watch.mutable_heartbeat() = request.heartbeat();
  watch.set_since(request.since().empty() ? call.Metadata(kLastEventId) : request.since());
  ChangeEvents events(stream);
  rpc::ServerStream<pb::WatchJobsResponse> changes(events);
  absl::Status ended = co_await WatchJobs(call, watch, changes);
  co_return co_await events.End(std::move(ended));
}

}  // namespace vibestack::job_service
