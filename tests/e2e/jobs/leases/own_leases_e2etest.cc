// Workflows with their own lease durations.
#include <gtest/gtest.h>

#include <map>

#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

class OwnLeases : public testing::Test {
 protected:
  // The duration of a lease, from the time of its last extension, which is its token.
  template <typename Extended>
  static absl::Duration Length(const Extended& extended) {
    const auto& end = extended.lease_expires_at();
    return absl::Seconds(end.seconds()) + absl::Nanoseconds(end.nanos()) -
           absl::Microseconds(extended.lease_token());
  }
  std::vector<std::string> FlagsWithFile() {
    WriteFile(directory_.path() + "/workflows.json",
              R"({"workflows": [{"id": "short", "lease_duration": "20s"},)"
              R"( {"id": "long", "lease_duration": "600s"}]})");
    return {"--workflows_file=" + directory_.path() + "/workflows.json"};
  }

  TemporaryDirectory directory_;
  Services services_{{.job_flags = FlagsWithFile()}};
  const Person person_ = services_.SignUp();
};

TEST_F(OwnLeases, HeartbeatsAndProgressReturnTheEndOfEachJobsOwnLease) {
  const With worker{.token = services_.service_token()};
  std::map<std::string, job::v1::ClaimedJob> claimed;
  job::v1::HeartbeatJobsRequest beat;
  for (const char* workflow : {"short", "long", "other"}) {
    CreateJob(services_, person_, workflow);
    claimed[workflow] = ClaimJob(services_, workflow);
    job::v1::Lease& lease = *beat.add_leases();
    lease.set_job_id(claimed[workflow].job().id());
    lease.set_lease_token(claimed[workflow].lease_token());
  }
  const auto beaten = Call(services_.jobs(), &JobService::Stub::HeartbeatJobs, beat, worker);
  ASSERT_TRUE(beaten.ok()) << Describe(beaten.status);
  EXPECT_EQ(Length(beaten.value.results(0)), absl::Seconds(20));
  EXPECT_EQ(Length(beaten.value.results(1)), absl::Minutes(10));
  EXPECT_EQ(Length(beaten.value.results(2)), absl::Minutes(1));
  job::v1::ReportProgressRequest report;
  report.set_id(claimed["long"].job().id());
  report.set_lease_token(beaten.value.results(1).lease_token());
  const auto empty = Call(services_.jobs(), &JobService::Stub::ReportProgress, report, worker);
  EXPECT_EQ(Length(empty.value), absl::Minutes(10));
  report.set_lease_token(empty.value.lease_token());
  report.set_result_json("1");
  EXPECT_EQ(Length(Call(services_.jobs(), &JobService::Stub::ReportProgress, report, worker).value),
            absl::Minutes(10));
}

}  // namespace
}  // namespace vibestack::e2e
