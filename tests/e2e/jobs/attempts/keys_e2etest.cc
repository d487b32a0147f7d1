// A unique key in place of an id.
#include <set>

#include "tests/e2e/jobs/attempts/attempts_fixture.h"

namespace vibestack::e2e {
namespace {

using job::v1::Job;

class Keys : public AttemptsTest {
 protected:
  static job::v1::CreateJobRequest With(const std::string& key, const std::string& input = "1") {
    job::v1::CreateJobRequest request;
    request.set_workflow_id("keys");
    request.set_unique_key(key);
    request.set_input_json(input);
    return request;
  }
  static Result<Job> TryAs(const std::string& token, const job::v1::CreateJobRequest& request) {
    return Call(services_->jobs(), &Jobs::CreateJob, request, {.token = token});
  }
};

TEST_F(Keys, TheSameKeyIsTheSameJob) {
  const Job first = Create(With("order-7"));
  const Job second = Create(With("order-7"));
  EXPECT_EQ(first.id(), second.id());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_TRUE(IsUuidV4(first.id())) << first.id();
  EXPECT_EQ(TryCreate(With("order-7", "2")).reason(), "ID_TAKEN");
  // The id names the job in every other call, and in CreateJob as well.
  auto by_id = With("", "1");
  by_id.set_id(first.id());
  EXPECT_EQ(Create(by_id).id(), first.id());
}

TEST_F(Keys, EachUserAndEachWorkflowHasKeysOfItsOwn) {
  std::set<std::string> ids;
  ids.insert(Create(With("shared")).id());
  ids.insert(Create(With("Shared")).id());
  ids.insert(TryAs(services_->SignUp().access_token, With("shared")).value.id());
  auto request = With("shared");
  request.set_workflow_id("other keys");
  ids.insert(Create(request).id());
  EXPECT_EQ(ids.size(), 4U);
}

TEST_F(Keys, ItIsTheOwnersWhoeverCreatesTheJob) {
  auto request = With("owned");
  const std::string id = Create(request).id();
  request.set_user_id(user_->id);
  EXPECT_EQ(TryAs(services_->service_token(), request).value.id(), id);
  EXPECT_EQ(TryAs(superuser_->access_token, request).value.id(), id);
}

TEST_F(Keys, ARepeatedCallReturnsTheJobAsItIs) {
  auto request = With("finished");
  request.set_workflow_id("keys-" + NewUuid());
  const auto claimed = CreateAndClaim(request);
  EXPECT_EQ(Create(request).status(), Job::PROCESSING);
  ASSERT_THAT(Complete(*services_, claimed, R"("done")"), IsOk());
  const Job again = Create(request);
  EXPECT_EQ(again.status(), Job::COMPLETED);
  EXPECT_EQ(again.result_payload().string_value(), "done");
  // A deleted job leaves its key free.
  job::v1::DeleteJobRequest remove;
  remove.set_id(again.id());
  ASSERT_THAT(Call(services_->jobs(), &Jobs::DeleteJob, remove, AsUser()), IsOk());
  EXPECT_EQ(Create(request).status(), Job::PENDING);
}

TEST_F(Keys, ABatchHasKeysToo) {
  job::v1::BatchCreateJobsRequest batch;
  for (const char* key : {"batch-1", "batch-2", "batch-3"}) *batch.add_requests() = With(key);
  const auto first = Call(services_->jobs(), &Jobs::BatchCreateJobs, batch, AsUser());
  const auto second = Call(services_->jobs(), &Jobs::BatchCreateJobs, batch, AsUser());
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  ASSERT_EQ(second.value.jobs_size(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(first.value.jobs(i).id(), second.value.jobs(i).id());
  EXPECT_EQ(Create(With("batch-2")).id(), first.value.jobs(1).id());
  *batch.add_requests() = With("batch-1");
  EXPECT_EQ(Call(services_->jobs(), &Jobs::BatchCreateJobs, batch, AsUser()).code(),
            grpc::INVALID_ARGUMENT);
}

TEST_F(Keys, TheKeyHasALimitInBytesAndExcludesAnId) {
  EXPECT_THAT(TryCreate(With(std::string(200, 'k'))), IsOk());
  EXPECT_THAT(TryCreate(With(std::string(201, 'k'))), IsRefusedFor("unique_key"));
  std::string key;
  for (int i = 0; i < 100; ++i) key += "ö";
  EXPECT_THAT(TryCreate(With(key)), IsOk());
  EXPECT_THAT(TryCreate(With(key + "k")), IsRefusedFor("unique_key"));
  EXPECT_THAT(TryCreate(With(std::string("a\0b", 3))), IsRefusedFor("unique_key"));
  auto request = With("with an id");
  request.set_id(NewUuid());
  EXPECT_THAT(TryCreate(request), IsRefusedFor("unique_key"));
}

}  // namespace
}  // namespace vibestack::e2e
