// The trace context of tasks, and how the tasks and batches that they await get it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "common/async/coalescer.h"
#include "common/async/gather.h"
#include "common/async/sync_wait.h"
#include "common/base/trace_context.h"

namespace vibestack {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Seen = const TraceContext*;
using Traces = std::vector<Seen>;
using SeenCoalescer = Coalescer<int, Seen>;

Task<Seen> Look() {
  const Seen seen = co_await CurrentTrace();
  co_return seen;
}

Task<Seen> LookBelow() {
  const Seen seen = co_await Look();
  co_return seen;
}

Task<void> LookInto(Traces& traces) {
  std::vector<Task<Seen>> tasks;
  tasks.push_back(LookBelow());
  tasks.push_back(Look());
  Traces seen = co_await Gather(std::move(tasks));
  traces = std::move(seen);
}

TEST(TraceTest, ATaskIsTracedByWhatStartedItAndHandsItOn) {
  const TraceContext context;
  Traces traces;
  Start(LookInto(traces), &context);
  EXPECT_THAT(traces, ElementsAre(&context, &context));
}

TEST(TraceTest, ATaskThatIsStartedWithoutATraceHasNone) {
  Traces traces;
  Start(LookInto(traces));
  EXPECT_THAT(traces, ElementsAre(nullptr, nullptr));
}

Task<Traces> Replace(const TraceContext* other) {
  Traces traces;
  traces.push_back(co_await Look());
  co_await TraceBy(other);
  traces.push_back(co_await Look());
  co_await TraceBy(nullptr);
  traces.push_back(co_await Look());
  co_return traces;
}

TEST(TraceTest, ATraceIsReplacedForWhatIsAwaitedFromThenOn) {
  const TraceContext other;
  EXPECT_THAT(SyncWait(Replace(&other)), ElementsAre(nullptr, &other, nullptr));
}

// A coalescer whose sink waits for a gate and answers with its trace context.
class BatchTraceTest : public testing::Test {
 protected:
  class OwnTrace final : public BatchTrace {
   public:
    explicit OwnTrace(BatchTraceTest& test) : test_(test) {}
    ~OwnTrace() override { ++test_.ended_; }
    const TraceContext* context() const override { return &test_.batch_; }

   private:
    BatchTraceTest& test_;
  };

  CoalescerOptions Options() {
    CoalescerOptions options;
    options.max_in_flight = 1;
    options.begin_trace = [this](const Traces& callers) {
      callers_.push_back(callers);
      return std::make_unique<OwnTrace>(*this);
    };
    return options;
  }
  SeenCoalescer::Sink Sink() {
    return [this](const std::vector<int>& requests, absl::Time) { return Serve(requests.size()); };
  }
  Task<absl::StatusOr<SeenCoalescer::Answers>> Serve(size_t requests) {
    Completion<bool> gate;
    gate_ = &gate;
    co_await gate;
    const Seen seen = co_await CurrentTrace();
    co_return SeenCoalescer::Answers(requests, seen);
  }
  Task<void> Submit(SeenCoalescer& coalescer, absl::StatusOr<Seen>& answer) {
    answer = co_await coalescer.Submit(1, absl::InfiniteFuture());
  }

  TraceContext batch_;
  std::vector<Traces> callers_;
  int ended_ = 0;
  Completion<bool>* gate_ = nullptr;
};

TEST_F(BatchTraceTest, ABatchIsTracedForAllOfItsCallersThatAreAndEndsBeforeTheyAreAnswered) {
  SeenCoalescer coalescer(Options(), Sink());
  TraceContext first;
  TraceContext second;
  std::vector<absl::StatusOr<Seen>> answers(4, absl::UnknownError("waiting"));
  Start(Submit(coalescer, answers[0]));
  EXPECT_THAT(callers_, IsEmpty());  // no traced caller
  Start(Submit(coalescer, answers[1]), &first);
  Start(Submit(coalescer, answers[2]));
  Start(Submit(coalescer, answers[3]), &second);
  gate_->Set(true);
  EXPECT_EQ(*answers[0], nullptr);
  EXPECT_THAT(callers_, ElementsAre(ElementsAre(&first, &second)));
  EXPECT_EQ(ended_, 0);
  gate_->Set(true);
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(*answers[i], &batch_);
  EXPECT_EQ(ended_, 1);
  coalescer.Close();
}

}  // namespace
}  // namespace vibestack
