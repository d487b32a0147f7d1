// Ten thousand watchers on one replica.
#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>

#include "tests/support/stream.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

constexpr int kWatchers = 10'000;
constexpr int kChannels = 20;
constexpr absl::Duration kLong = absl::Seconds(60);

int64_t ResidentKilobytes(Process& process) {
  std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stoll(line.substr(6));
  }
  return 0;
}

TEST(ManyWatchers, AllOfThemHearTheEndOfTheirJobs) {
  Services services({.job_flags = {"--log_level=warning"}});
  const Person person = services.SignUp();
  const auto claimed = CreateAndClaimMany(services, person, "watched", kWatchers);
  std::vector<std::unique_ptr<JobService::Stub>> stubs;
  stubs.reserve(kChannels);
  for (int i = 0; i < kChannels; ++i) {
    stubs.push_back(JobService::NewStub(Connect(services.job().address())));
  }
  const int64_t before = ResidentKilobytes(services.job().process());

  const absl::Time began = absl::Now();
  std::vector<job::v1::WatchJobRequest> requests(kWatchers);
  std::vector<std::unique_ptr<Stream<Job>>> streams;
  for (int i = 0; i < kWatchers; ++i) {
    requests[i].set_id(claimed[i].job().id());
    streams.push_back(std::make_unique<Stream<Job>>(
        [&](grpc::ClientContext* context, grpc::ClientReadReactor<Job>* reader) {
          stubs[i % kChannels]->async()->WatchJob(context, &requests[i], reader);
        },
        With{.token = person.access_token, .timeout = absl::Minutes(5)}));
  }
  for (const auto& stream : streams) {
    const auto first = stream->Next(kLong);
    ASSERT_TRUE(first.has_value()) << stream->EndReason(absl::ZeroDuration());
    ASSERT_EQ(first->status(), Job::PROCESSING);
  }
  const absl::Duration opened = absl::Now() - began;
  const int64_t after = ResidentKilobytes(services.job().process());

  const absl::Time finish = absl::Now();
  for (int done = 0; done < kWatchers; done += 1'000) {
    job::v1::BatchFinishJobsRequest request;
    for (int i = done; i < done + 1'000; ++i) {
      auto& complete = *request.add_outcomes()->mutable_complete();
      complete.set_id(claimed[i].job().id());
      complete.set_lease_token(claimed[i].lease_token());
      complete.set_result_json(std::to_string(i));
    }
    const auto finished = Call(services.jobs(), &JobService::Stub::BatchFinishJobs, request,
                               {.token = services.service_token()});
    ASSERT_TRUE(finished.ok()) << Describe(finished.status);
  }
  for (int i = 0; i < kWatchers; ++i) {
    const auto last = streams[i]->Next(kLong);
    ASSERT_TRUE(last.has_value()) << streams[i]->EndReason(absl::ZeroDuration());
    EXPECT_EQ(last->status(), Job::COMPLETED);
    EXPECT_EQ(last->result_payload().number_value(), i);
    EXPECT_EQ(streams[i]->EndReason(), "0 ");
  }
  const absl::Duration reported = absl::Now() - finish;
  const double kilobytes = static_cast<double>(after - before) / kWatchers;
  std::printf("%d watchers: opened in %s, %.1f KiB each, the end arrived in %s\n", kWatchers,
              absl::FormatDuration(opened).c_str(), kilobytes,
              absl::FormatDuration(reported).c_str());
  EXPECT_LT(kilobytes, 64);
  EXPECT_LT(reported, absl::Seconds(30));
}

}  // namespace
}  // namespace vibestack::e2e
