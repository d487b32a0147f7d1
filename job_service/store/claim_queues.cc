#include "job_service/store/claim_queues.h"

#include <algorithm>
#include <utility>

namespace vibestack::job_service {
namespace {

// The maximum number of queues before idle ones are dropped: workers choose the workflows, so the
// number must have a bound.
constexpr size_t kMaxIdle = 1'000;

}  // namespace

ClaimQueues::ClaimQueues(CoalescerOptions options, Batches::Sink sink)
    : options_(std::move(options)), sink_(std::move(sink)) {}

Task<absl::StatusOr<ClaimQueues::Jobs>> ClaimQueues::Submit(ClaimRequest claim,
                                                            absl::Time deadline) {
  std::sort(claim.workflow_ids.begin(), claim.workflow_ids.end());
  const std::shared_ptr<Batches> queue = QueueOf(claim.workflow_ids);
  ClaimCall call{std::move(claim), deadline};
  co_return co_await queue->Submit(std::move(call), deadline);
}

std::shared_ptr<ClaimQueues::Batches> ClaimQueues::QueueOf(
    const std::vector<std::string>& workflow_ids) {
  absl::MutexLock lock(&mutex_);
  if (queues_.size() >= kMaxIdle) DropIdle();
  std::shared_ptr<Batches>& queue = queues_[workflow_ids];
  if (queue == nullptr) {
    queue = std::make_shared<Batches>(options_, sink_, [](const ClaimCall& call) {
      return static_cast<size_t>(call.claim.limit);
    });
    if (closed_) queue->Close();
  }
  return queue;
}

// Drops the idle queues. A queue that only the map references has no caller that could submit to
// it.
void ClaimQueues::DropIdle() {
  absl::erase_if(queues_, [](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->idle();
  });
}

void ClaimQueues::Close() {
  std::vector<std::shared_ptr<Batches>> queues;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    queues.reserve(queues_.size());
    for (const auto& [workflow_ids, queue] : queues_) queues.push_back(queue);
  }
  for (const std::shared_ptr<Batches>& queue : queues) queue->Close();
}

size_t ClaimQueues::queued() const {
  absl::MutexLock lock(&mutex_);
  size_t queued = 0;
  for (const auto& [workflow_ids, queue] : queues_) queued += queue->queued();
  return queued;
}

}  // namespace vibestack::job_service
