#include "tests/bench/load.h"

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "tests/bench/percentile.h"

namespace vibestack::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Stub = grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer>;

constexpr int kCallsPerCheck = 64;
constexpr std::chrono::seconds kConnectTimeout(10);

// What the loops of one load test share.
class Test {
 public:
  Test(const Call& call, const LoadOptions& options)
      : call(call),
        call_timeout(absl::ToChronoMilliseconds(options.call_timeout)),
        interval(absl::ToChronoMicroseconds(options.interval)),
        measure_from(SteadyClock::now() + absl::ToChronoNanoseconds(options.warm_up)),
        measure_until(measure_from + absl::ToChronoNanoseconds(options.duration)),
        running(options.in_flight) {}

  // The first error stays.
  void Fail(const absl::Status& status) {
    failed = true;
    const absl::MutexLock lock(&mutex_);
    error_.Update(status);
  }
  absl::Status error() {
    const absl::MutexLock lock(&mutex_);
    return error_;
  }

  const Call& call;
  const std::chrono::milliseconds call_timeout;
  const std::chrono::microseconds interval;
  const SteadyClock::time_point measure_from;
  const SteadyClock::time_point measure_until;
  absl::BlockingCounter running;
  std::atomic<bool> failed = false;

 private:
  absl::Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

// One call in flight: each answer starts the next. gRPC runs one callback of it at a time.
class Loop final : public grpc::ClientUnaryReactor {
 public:
  Loop(Test& test, std::shared_ptr<grpc::Channel> channel, uint32_t seed)
      : test_(test), stub_(std::move(channel)), random_(seed) {}

  void Start() {
    response_.Clear();
    context_.emplace();
    context_->set_deadline(std::chrono::system_clock::now() + test_.call_timeout);
    if (!test_.call.authorization.empty()) {
      context_->AddMetadata("authorization", test_.call.authorization);
    }
    request_ = NextRequest();
    started_ = SteadyClock::now();
    stub_.PrepareUnaryCall(&*context_, test_.call.method, {}, &test_.call.requests[request_],
                           &response_, this);
    StartCall();
  }

  void OnDone(const grpc::Status& status) override {
    const SteadyClock::time_point now = SteadyClock::now();
    Check(status);
    if (now >= test_.measure_from && now < test_.measure_until) {
      latencies_.push_back(std::chrono::duration<float, std::micro>(now - started_).count());
    }
    const bool goes_on = now < test_.measure_until && !test_.failed.load(std::memory_order_relaxed);
    if (goes_on && now - started_ < test_.interval) {
      next_.Set(std::chrono::system_clock::now() + (test_.interval - (now - started_)),
                [this](bool) { Start(); });
    } else if (goes_on) {
      Start();
    } else {
      test_.running.DecrementCount();
    }
  }

  const std::vector<float>& latencies() const { return latencies_; }

 private:
  size_t NextRequest() {
    random_ = random_ * 1664525 + 1013904223;
    return (static_cast<uint64_t>(random_) * test_.call.requests.size()) >> 32;
  }

  void Check(const grpc::Status& status) {
    if (!status.ok()) {
      test_.Fail(absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                              absl::StrCat(test_.call.method, ": ", status.error_message())));
    } else if (calls_++ % kCallsPerCheck == 0) {
      const absl::Status checked = test_.call.check(request_, response_);
      if (!checked.ok()) test_.Fail(checked);
    }
  }

  Test& test_;
  Stub stub_;
  uint32_t random_;
  uint32_t calls_ = 0;
  size_t request_ = 0;
  SteadyClock::time_point started_;
  std::optional<grpc::ClientContext> context_;
  grpc::ByteBuffer response_;
  grpc::Alarm next_;
  std::vector<float> latencies_;
};

double CpuMicros() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return absl::ToDoubleMicroseconds(absl::DurationFromTimespec(used));
}

LoadResult Summarize(const std::vector<std::unique_ptr<Loop>>& loops, absl::Duration duration) {
  std::vector<float> all;
  for (const auto& loop : loops) {
    all.insert(all.end(), loop->latencies().begin(), loop->latencies().end());
  }
  LoadResult result;
  result.calls = static_cast<int64_t>(all.size());
  if (all.empty()) return result;
  result.calls_per_second = static_cast<double>(all.size()) / absl::ToDoubleSeconds(duration);
  result.p50_micros = Percentile(all, 0.5);
  result.p99_micros = Percentile(all, 0.99);
  return result;
}

}  // namespace

absl::StatusOr<std::vector<std::shared_ptr<grpc::Channel>>> Connect(const std::string& address,
                                                                    int count) {
  grpc::ChannelArguments arguments;
  // Otherwise channels to one address share one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < count; ++i) {
    channels.push_back(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    if (!channels.back()->WaitForConnected(std::chrono::system_clock::now() + kConnectTimeout)) {
      return absl::UnavailableError(absl::StrCat("no connection to ", address));
    }
  }
  return channels;
}

absl::StatusOr<LoadResult> RunLoad(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                                   const Call& call, const LoadOptions& options) {
  Test test(call, options);
  std::vector<std::unique_ptr<Loop>> loops;
  loops.reserve(options.in_flight);
  for (int i = 0; i < options.in_flight; ++i) {
    loops.push_back(std::make_unique<Loop>(test, channels[i % channels.size()], i));
  }
  const double cpu_before = CpuMicros();
  for (const auto& loop : loops) loop->Start();
  test.running.Wait();
  const double cpu = CpuMicros() - cpu_before;
  if (const absl::Status error = test.error(); !error.ok()) return error;
  LoadResult result = Summarize(loops, options.duration);
  if (result.calls == 0) return absl::DeadlineExceededError("no call ended in time");
  const double measured_share =
      absl::FDivDuration(options.duration, options.warm_up + options.duration);
  result.client_cpu_micros = cpu * measured_share / static_cast<double>(result.calls);
  return result;
}

}  // namespace vibestack::bench
