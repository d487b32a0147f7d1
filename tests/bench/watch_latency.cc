#include "tests/bench/watch_latency.h"

#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "tests/bench/job_caller.h"

namespace vibestack::bench {
namespace {

constexpr char kWorkflow[] = "watch";
constexpr absl::Duration kLongest = absl::Seconds(30);

// Collects what the watchers have read. Thread-safe.
class Board {
 public:
  // A watcher has read a state with this result; -1 for none.
  void Note(int result) {
    const SteadyClock::time_point now = SteadyClock::now();
    absl::MutexLock lock(&mutex_);
    if (result == expected_) read_at_.push_back(now);
  }
  void Fail(const std::string& message) {
    absl::MutexLock lock(&mutex_);
    error_.Update(absl::InternalError(message));
  }
  void Expect(int result) {
    absl::MutexLock lock(&mutex_);
    expected_ = result;
    read_at_.clear();
  }
  // Waits until `watchers` watchers have read the expected state; returns when each did.
  absl::StatusOr<std::vector<SteadyClock::time_point>> Await(size_t watchers) {
    absl::MutexLock lock(&mutex_);
    const auto done = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return read_at_.size() >= watchers || !error_.ok();
    };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&done), kLongest)) {
      return absl::DeadlineExceededError(absl::StrCat("only ", read_at_.size(), " of ", watchers,
                                                      " watchers have read the change"));
    }
    if (!error_.ok()) return error_;
    return read_at_;
  }

 private:
  absl::Mutex mutex_;
  int expected_ ABSL_GUARDED_BY(mutex_) = -1;
  std::vector<SteadyClock::time_point> read_at_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

// One stream, until it is destroyed.
class Watcher final : public grpc::ClientReadReactor<job::v1::Job> {
 public:
  Watcher(Board& board, const JobCaller& user, const std::string& job_id) : board_(board) {
    request_.set_id(job_id);
    user.Prepare(context_);
    user.stub().async()->WatchJob(&context_, &request_, this);
    StartRead(&job_);
    StartCall();
  }
  ~Watcher() override {
    context_.TryCancel();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&done_));
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    const bool progress = job_.result_payload().has_number_value();
    board_.Note(progress ? static_cast<int>(job_.result_payload().number_value()) : -1);
    StartRead(&job_);
  }
  void OnDone(const grpc::Status& status) override {
    if (status.error_code() != grpc::StatusCode::CANCELLED) {
      board_.Fail(absl::StrCat("WatchJob ended: ", status.error_message()));
    }
    absl::MutexLock lock(&mutex_);
    done_ = true;
  }

 private:
  Board& board_;
  job::v1::WatchJobRequest request_;
  grpc::ClientContext context_;
  job::v1::Job job_;
  absl::Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

absl::StatusOr<std::vector<job::v1::ClaimedJob>> TakeJobs(const JobCaller& user,
                                                          const JobCaller& worker, int count) {
  const absl::Status made = MakeJobs(user, kWorkflow, count);
  if (!made.ok()) return made;
  auto claimed = ClaimJobs(worker, kWorkflow, count);
  if (claimed.ok() && claimed->size() != static_cast<size_t>(count)) {
    return absl::InternalError("not all jobs to watch were claimed");
  }
  return claimed;
}

// One change, measured until every watcher of the job knows it.
absl::Status Change(Board& board, const JobCaller& worker, job::v1::ClaimedJob& job, int number,
                    size_t watchers, WatchLatency& latency) {
  job::v1::ReportProgressRequest request;
  request.set_id(job.job().id());
  request.set_lease_token(job.lease_token());
  request.mutable_result_payload()->set_number_value(number);
  board.Expect(number);
  const SteadyClock::time_point begin = SteadyClock::now();
  const auto reported = worker.Call(&JobCaller::Stub::ReportProgress, request);
  latency.answer_micros.push_back(MicrosBetween(begin, SteadyClock::now()));
  if (!reported.ok()) return reported.status();
  job.set_lease_token(reported->lease_token());
  const auto read_at = board.Await(watchers);
  if (!read_at.ok()) return read_at.status();
  for (const SteadyClock::time_point at : *read_at) {
    latency.change_micros.push_back(MicrosBetween(begin, at));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WatchLatency> MeasureWatch(
    const std::vector<std::shared_ptr<grpc::Channel>>& channels, const WatchOptions& options) {
  std::deque<JobCaller> users;
  for (const auto& channel : channels) users.emplace_back(channel, options.user_token);
  const JobCaller worker(channels.front(), options.worker_token);
  auto jobs = TakeJobs(users.front(), worker, options.jobs);
  if (!jobs.ok()) return jobs.status();
  Board board;
  std::deque<Watcher> watchers;
  for (size_t i = 0; i < static_cast<size_t>(options.watchers); ++i) {
    watchers.emplace_back(board, users[i % users.size()], (*jobs)[i % jobs->size()].job().id());
  }
  // Each watcher reads the present state first.
  const auto begun = board.Await(watchers.size());
  if (!begun.ok()) return begun.status();
  WatchLatency latency;
  const size_t share = watchers.size() / jobs->size();
  for (int number = 0; number < options.changes; ++number) {
    job::v1::ClaimedJob& job = (*jobs)[static_cast<size_t>(number) % jobs->size()];
    const absl::Status changed = Change(board, worker, job, number, share, latency);
    if (!changed.ok()) return changed;
  }
  return latency;
}

}  // namespace vibestack::bench
