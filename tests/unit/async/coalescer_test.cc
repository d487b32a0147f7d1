#include "common/async/coalescer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "common/async/completion.h"
#include "common/async/sync_wait.h"

namespace vibestack {
namespace {

using Answer = absl::StatusOr<int>;
using IntCoalescer = Coalescer<int, int>;

// A sink that blocks every batch until the gate opens, and answers each number with its double.
class HeldSink {
 public:
  IntCoalescer::Sink AsSink() {
    return [this](const std::vector<int>& requests, absl::Time) { return Serve(requests); };
  }

  // Waits for batch number `n` and returns it.
  std::vector<int> Batch(size_t n) {
    absl::MutexLock lock(&mutex_);
    wanted_ = n;
    mutex_.Await(absl::Condition(
        +[](HeldSink* self) { return self->batches_.size() > self->wanted_; }, this));
    return batches_[n];
  }

  void Release(size_t n, absl::Status status = absl::OkStatus()) {
    Completion<absl::Status>* gate;
    {
      absl::MutexLock lock(&mutex_);
      gate = gates_[n];
    }
    gate->Set(std::move(status));
  }

  size_t count() {
    absl::MutexLock lock(&mutex_);
    return batches_.size();
  }

 private:
  Task<absl::StatusOr<IntCoalescer::Answers>> Serve(const std::vector<int>& requests) {
    Completion<absl::Status> gate;
    {
      absl::MutexLock lock(&mutex_);
      batches_.push_back(requests);
      gates_.push_back(&gate);
    }
    const absl::Status status = co_await gate;
    if (!status.ok()) co_return status;
    IntCoalescer::Answers answers;
    for (const int request : requests) answers.push_back(2 * request);
    co_return answers;
  }

  absl::Mutex mutex_;
  size_t wanted_ = 0;
  std::vector<std::vector<int>> batches_;
  std::vector<Completion<absl::Status>*> gates_;
};

Task<void> Submit(IntCoalescer& coalescer, int request, absl::Time deadline, Answer& answer) {
  answer = co_await coalescer.Submit(request, deadline);
}

Task<void> SubmitAll(IntCoalescer& coalescer, std::vector<int> requests,
                     std::vector<Answer>& answers) {
  answers = co_await coalescer.SubmitAll(std::move(requests), absl::InfiniteFuture());
}

class CoalescerTest : public testing::Test {
 protected:
  void Submit(IntCoalescer& coalescer, int request, absl::Time deadline = absl::InfiniteFuture()) {
    answers_.push_back(std::make_unique<Answer>(absl::UnknownError("waiting")));
    Start(vibestack::Submit(coalescer, request, deadline, *answers_.back()));
  }
  const Answer& answer(size_t i) { return *answers_[i]; }

  HeldSink sink_;
  std::vector<std::unique_ptr<Answer>> answers_;
};

CoalescerOptions OneAtATime() {
  CoalescerOptions options;
  options.max_in_flight = 1;
  return options;
}

TEST_F(CoalescerTest, AnIdleCallGoesAtOnceAndTheNextOnesGatherMeanwhile) {
  IntCoalescer coalescer(OneAtATime(), sink_.AsSink());
  for (int i = 1; i <= 4; ++i) Submit(coalescer, i);
  EXPECT_THAT(sink_.Batch(0), testing::ElementsAre(1));
  sink_.Release(0);
  EXPECT_EQ(*answer(0), 2);
  EXPECT_THAT(sink_.Batch(1), testing::ElementsAre(2, 3, 4));
  sink_.Release(1);
  EXPECT_EQ(*answer(3), 8);
  coalescer.Close();
}

TEST_F(CoalescerTest, AsManyBatchesAreUnderWayAsAllowed) {
  CoalescerOptions options;
  options.max_in_flight = 2;
  IntCoalescer coalescer(options, sink_.AsSink());
  for (int i = 1; i <= 5; ++i) Submit(coalescer, i);
  EXPECT_EQ(sink_.count(), 2U);
  sink_.Release(1);
  EXPECT_THAT(sink_.Batch(2), testing::ElementsAre(3, 4, 5));
  sink_.Release(0);
  sink_.Release(2);
  coalescer.Close();
}

TEST_F(CoalescerTest, RequestsThatComeAtOnceShareBatches) {
  CoalescerOptions options;
  options.max_in_flight = 2;
  options.max_batch = 3;
  options.max_queued = 7;
  IntCoalescer coalescer(options, sink_.AsSink());
  std::vector<Answer> answers;
  Start(SubmitAll(coalescer, {1, 2, 3, 4, 5, 6, 7, 8}, answers));
  EXPECT_THAT(sink_.Batch(0), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(sink_.Batch(1), testing::ElementsAre(4, 5, 6));
  sink_.Release(1);
  EXPECT_THAT(sink_.Batch(2), testing::ElementsAre(7));
  sink_.Release(0);
  EXPECT_THAT(answers, testing::IsEmpty());
  sink_.Release(2);
  // All answers come together, in order; one request did not fit the queue.
  ASSERT_THAT(answers, testing::SizeIs(8));
  for (int i = 0; i < 7; ++i) EXPECT_EQ(*answers[static_cast<size_t>(i)], 2 * (i + 1));
  EXPECT_TRUE(absl::IsResourceExhausted(answers[7].status()));
  Start(SubmitAll(coalescer, {}, answers));
  EXPECT_THAT(answers, testing::IsEmpty());
  coalescer.Close();
  Start(SubmitAll(coalescer, {1, 2}, answers));
  ASSERT_THAT(answers, testing::SizeIs(2));
  EXPECT_TRUE(absl::IsUnavailable(answers[1].status()));
}

TEST_F(CoalescerTest, ABatchIsNoHeavierThanAllowedAndAHeavyRequestGoesAlone) {
  CoalescerOptions options = OneAtATime();
  options.max_batch = 10;
  IntCoalescer coalescer(options, sink_.AsSink(),
                         [](const int& request) { return static_cast<size_t>(request); });
  for (const int weight : {1, 4, 6, 3, 50, 2}) Submit(coalescer, weight);
  sink_.Release(0);
  EXPECT_THAT(sink_.Batch(1), testing::ElementsAre(4, 6));
  sink_.Release(1);
  EXPECT_THAT(sink_.Batch(2), testing::ElementsAre(3));
  sink_.Release(2);
  EXPECT_THAT(sink_.Batch(3), testing::ElementsAre(50));
  sink_.Release(3);
  sink_.Release(4);
  coalescer.Close();
}

TEST_F(CoalescerTest, AFullQueueRefusesWithRetryInfo) {
  CoalescerOptions options = OneAtATime();
  options.max_queued = 2;
  IntCoalescer coalescer(options, sink_.AsSink());
  for (int i = 0; i < 4; ++i) Submit(coalescer, i);
  EXPECT_EQ(answer(3).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LT(RetryDelay(answer(3).status()), absl::InfiniteDuration());
  sink_.Release(0);
  sink_.Release(1);
  EXPECT_TRUE(answer(2).ok());
  coalescer.Close();
}

TEST_F(CoalescerTest, ACallWhoseDeadlinePassedInTheQueueIsNotSent) {
  IntCoalescer coalescer(OneAtATime(), sink_.AsSink());
  Submit(coalescer, 1);
  Submit(coalescer, 2, absl::Now());
  Submit(coalescer, 3);
  sink_.Release(0);
  EXPECT_EQ(answer(1).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(sink_.Batch(1), testing::ElementsAre(3));
  sink_.Release(1);
  coalescer.Close();
}

TEST_F(CoalescerTest, AnErrorOfTheWholeBatchReachesEveryCall) {
  IntCoalescer coalescer(OneAtATime(), sink_.AsSink());
  for (int i = 0; i < 3; ++i) Submit(coalescer, i);
  sink_.Release(0);
  sink_.Release(1, UnavailableError("GONE", "gone"));
  EXPECT_EQ(ErrorReason(answer(1).status()), "GONE");
  EXPECT_EQ(ErrorReason(answer(2).status()), "GONE");
  coalescer.Close();
}

TEST_F(CoalescerTest, CloseAnswersWhatWaitsAndRefusesWhatComes) {
  IntCoalescer coalescer(OneAtATime(), sink_.AsSink());
  Submit(coalescer, 1);
  Submit(coalescer, 2);
  std::thread closer([&] { coalescer.Close(); });
  while (coalescer.queued() > 0) std::this_thread::yield();
  sink_.Release(0);
  closer.join();
  EXPECT_EQ(*answer(0), 2);
  EXPECT_EQ(ErrorReason(answer(1).status()), "SHUTTING_DOWN");
  Submit(coalescer, 3);
  EXPECT_EQ(ErrorReason(answer(2).status()), "SHUTTING_DOWN");
}

// Refuses every batch with a negative number in it, as a database refuses a batch with a bad row.
Task<absl::StatusOr<IntCoalescer::Answers>> RefuseNegatives(const std::vector<int>& requests,
                                                            int& calls) {
  ++calls;
  IntCoalescer::Answers answers;
  for (const int request : requests) {
    if (request < 0) co_return MakeError(absl::StatusCode::kInvalidArgument, "BAD", "negative");
    answers.push_back(request);
  }
  co_return answers;
}

TEST_F(CoalescerTest, ABadRowNeverFailsItsNeighbours) {
  int calls = 0;
  HeldSink& gate = sink_;
  IntCoalescer::Sink held = gate.AsSink();
  IntCoalescer coalescer(OneAtATime(), [&](const std::vector<int>& requests, absl::Time deadline) {
    return requests == std::vector<int>{0} ? held(requests, deadline)
                                           : RefuseNegatives(requests, calls);
  });
  Submit(coalescer, 0);
  for (const int request : {1, 2, -3, 4, 5, 6, -7, 8}) Submit(coalescer, request);
  gate.Release(0);
  for (size_t i = 1; i <= 8; ++i) {
    const bool bad = i == 3 || i == 7;
    EXPECT_EQ(answer(i).ok(), !bad) << i;
    EXPECT_EQ(answer(i).value_or(-1), bad ? -1 : static_cast<int>(i));
  }
  EXPECT_LT(calls, 16);
  coalescer.Close();
}

TEST_F(CoalescerTest, ASinkThatAnswersInPartFailsTheCallsInsteadOfLosingThem) {
  IntCoalescer coalescer(
      OneAtATime(),
      [](const std::vector<int>&, absl::Time) -> Task<absl::StatusOr<IntCoalescer::Answers>> {
        co_return IntCoalescer::Answers{};
      });
  Submit(coalescer, 1);
  EXPECT_EQ(answer(0).status().code(), absl::StatusCode::kInternal);
  coalescer.Close();
}

Task<void> CountAnswer(IntCoalescer& coalescer, int request, std::atomic<int>& right) {
  const Answer answer = co_await coalescer.Submit(request, absl::InfiniteFuture());
  if (answer.ok() && *answer == request) ++right;
}

TEST_F(CoalescerTest, ManyThreadsGetTheirOwnAnswersEachOnce) {
  CoalescerOptions options;
  options.max_in_flight = 3;
  options.max_queued = 1'000'000;
  IntCoalescer coalescer(options,
                         [](const std::vector<int>& requests,
                            absl::Time) -> Task<absl::StatusOr<IntCoalescer::Answers>> {
                           co_return IntCoalescer::Answers(requests.begin(), requests.end());
                         });
  constexpr int kThreads = 4;
  constexpr int kCalls = 5'000;
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) Start(CountAnswer(coalescer, t * kCalls + i, right));
    });
  }
  for (std::thread& thread : threads) thread.join();
  coalescer.Close();
  EXPECT_EQ(right, kThreads * kCalls);
}

TEST_F(CoalescerTest, AnExceptionOfTheSinkAnswersItsBatchAndFreesItsSlot) {
  bool throws = true;
  CoalescerOptions options;
  options.max_in_flight = 1;
  IntCoalescer coalescer(options,
                         [&](const std::vector<int>& requests,
                             absl::Time) -> Task<absl::StatusOr<IntCoalescer::Answers>> {
                           if (throws) throw std::runtime_error("x");
                           co_return IntCoalescer::Answers(requests.size(), Answer(7));
                         });
  const auto submit = [&]() -> Task<Answer> {
    co_return co_await coalescer.Submit(1, absl::InfiniteFuture());
  };
  EXPECT_TRUE(absl::IsInternal(SyncWait(submit()).status()));
  throws = false;
  EXPECT_EQ(*SyncWait(submit()), 7);
  EXPECT_TRUE(coalescer.idle());
}

}  // namespace
}  // namespace vibestack
