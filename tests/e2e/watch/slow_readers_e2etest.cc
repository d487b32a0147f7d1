// Watchers that do not read: when they read again, they get the latest states, and the service has
// kept only a bounded number of changes for them.
#include <gtest/gtest.h>

#include <set>

#include "tests/support/stream.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

// Several times the data that a connection buffers for a client that does not read.
constexpr int kChanges = 150;
constexpr size_t kResultBytes = 200'000;

class SlowReaders : public testing::Test {
 protected:
  // Opens a stream with `start(stub, context)`. It reads only when the test calls Read().
  template <typename Start>
  auto Open(const Start& start) {
    stub_ = JobService::NewStub(services_.job().channel());
    Prepare(context_, {.token = person_.access_token, .timeout = absl::Minutes(3)});
    return start(*stub_, &context_);
  }

  // Reports progress of a claimed job kChanges times, each replacing the previous one, and
  // completes the job.
  void ChangeAndComplete(job::v1::ClaimedJob claimed) {
    job::v1::ReportProgressRequest report;
    report.set_id(claimed.job().id());
    for (int i = 0; i < kChanges; ++i) {
      report.set_lease_token(claimed.lease_token());
      report.set_result_json("\"" + std::to_string(i) + std::string(kResultBytes, 'x') + "\"");
      const auto reported = Call(services_.jobs(), &JobService::Stub::ReportProgress, report,
                                 {.token = services_.service_token()});
      ASSERT_TRUE(reported.ok()) << reported.reason();
      claimed.set_lease_token(reported.value.lease_token());
    }
    ASSERT_TRUE(Complete(services_, claimed, "\"the end\"").ok());
  }

  Services services_;
  const Person person_ = services_.SignUp();
  std::unique_ptr<JobService::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(SlowReaders, OfOneJobSkipWhatIsOutdatedWhenTheyRead) {
  const job::v1::ClaimedJob claimed = CreateAndClaim(services_, person_);
  job::v1::WatchJobRequest request;
  request.set_id(claimed.job().id());
  request.set_view(job::v1::EXACT);
  const auto reader = Open([&request](JobService::Stub& stub, grpc::ClientContext* context) {
    return stub.WatchJob(context, request);
  });
  Job job;
  ASSERT_TRUE(reader->Read(&job));
  ASSERT_NO_FATAL_FAILURE(ChangeAndComplete(claimed));
  int messages = 0;
  while (reader->Read(&job)) ++messages;
  const grpc::Status end = reader->Finish();
  EXPECT_TRUE(end.ok()) << Describe(end);
  EXPECT_EQ(job.status(), Job::COMPLETED);
  EXPECT_EQ(job.result_json(), "\"the end\"");
  EXPECT_LT(messages, kChanges / 2);
}

TEST_F(SlowReaders, OfManyJobsSkipWhatIsOutdatedWhenTheyRead) {
  const job::v1::ClaimedJob claimed = CreateAndClaim(services_, person_);
  job::v1::WatchJobsRequest request;
  request.set_view(job::v1::EXACT);
  const auto reader = Open([&request](JobService::Stub& stub, grpc::ClientContext* context) {
    return stub.WatchJobs(context, request);
  });
  job::v1::WatchJobsResponse response;
  while (!response.caught_up()) ASSERT_TRUE(reader->Read(&response));
  ASSERT_NO_FATAL_FAILURE(ChangeAndComplete(claimed));
  int messages = 0;
  Job last;
  while (last.status() != Job::COMPLETED && reader->Read(&response)) {
    for (const Job& job : response.jobs()) {
      ++messages;
      last = job;
    }
  }
  EXPECT_EQ(last.result_json(), "\"the end\"");
  EXPECT_LT(messages, kChanges / 2);
  context_.TryCancel();
  reader->Finish();
}

TEST_F(SlowReaders, AReaderThatMissesTooManyJobsMustListAgain) {
  constexpr size_t kTooMany = 20'001;
  job::v1::WatchJobsRequest request;
  request.set_view(job::v1::EXACT);
  const auto reader = Open([&request](JobService::Stub& stub, grpc::ClientContext* context) {
    return stub.WatchJobs(context, request);
  });
  job::v1::WatchJobsResponse response;
  while (!response.caught_up()) ASSERT_TRUE(reader->Read(&response));
  ASSERT_NO_FATAL_FAILURE(ChangeAndComplete(CreateAndClaim(services_, person_)));  // fills buffers
  // A second watcher, which keeps up, shows when all changes have been sent.
  const auto stub = JobService::NewStub(Connect(services_.job().address()));
  job::v1::WatchJobsRequest of_workflow;
  of_workflow.set_workflow_id("many");
  Stream<job::v1::WatchJobsResponse> other(
      [&](grpc::ClientContext* context,
          grpc::ClientReadReactor<job::v1::WatchJobsResponse>* reactor) {
        stub->async()->WatchJobs(context, &of_workflow, reactor);
      },
      {.token = services_.service_token(), .timeout = absl::Minutes(2)});
  ASSERT_TRUE(other.Next().has_value());
  CreateAndClaimMany(services_, person_, "many", kTooMany);
  std::set<std::string> received;
  while (received.size() < kTooMany) {
    const auto changes = other.Next(absl::Seconds(30));
    ASSERT_TRUE(changes.has_value()) << received.size();
    for (const Job& job : changes->jobs()) received.insert(job.id());
  }
  while (reader->Read(&response)) {
  }
  const grpc::Status end = reader->Finish();
  EXPECT_EQ(end.error_code(), grpc::ABORTED) << Describe(end);
  EXPECT_EQ(Reason(end), "READER_TOO_SLOW");
}

}  // namespace
}  // namespace vibestack::e2e
