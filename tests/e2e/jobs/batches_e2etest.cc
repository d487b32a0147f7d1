// Batches and lists with too few, too many, duplicate or unknown items.
#include <cmath>

#include "tests/e2e/wire/input/input_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

class Batches : public InputTest {};

TEST_F(Batches, EmptyAndOversizedBatchesAreRefused) {
  for (const int size : {0, 1'001}) {
    job::v1::BatchGetJobsRequest jobs;
    user::v1::BatchGetUsersRequest users;
    job::v1::BatchCreateJobsRequest create;
    job::v1::HeartbeatJobsRequest beat;
    job::v1::BatchCancelJobsRequest cancel;
    job::v1::BatchRetryJobsRequest retry;
    job::v1::BatchDeleteJobsRequest remove;
    for (int i = 0; i < size; ++i) {
      for (auto* ids : {cancel.mutable_ids(), retry.mutable_ids(), remove.mutable_ids()}) {
        *ids->Add() = NewUuid();
      }
      jobs.add_ids(user_->id);
      users.add_ids(user_->id);
      create.add_requests()->set_workflow_id("w");
      beat.add_leases()->set_job_id(NewUuid());
    }
    auto& stub = services_->jobs();
    EXPECT_THAT(Call(stub, &JobService::Stub::BatchGetJobs, jobs, AsUser()), IsRefusedFor("ids"));
    EXPECT_THAT(Call(services_->users(), &UserService::Stub::BatchGetUsers, users, AsService()),
                IsRefusedFor("ids"));
    EXPECT_THAT(Call(stub, &JobService::Stub::BatchCreateJobs, create, AsUser()),
                IsRefusedFor("requests"));
    EXPECT_THAT(Call(stub, &JobService::Stub::HeartbeatJobs, beat, AsService()),
                IsRefusedFor("leases"));
    EXPECT_THAT(Call(stub, &JobService::Stub::BatchCancelJobs, cancel, AsUser()),
                IsRefusedFor("ids"));
    EXPECT_THAT(Call(stub, &JobService::Stub::BatchRetryJobs, retry, AsUser()),
                IsRefusedFor("ids"));
    EXPECT_THAT(Call(stub, &JobService::Stub::BatchDeleteJobs, remove, AsUser()),
                IsRefusedFor("ids"));
  }
}

TEST_F(Batches, ThousandWrongItemsGetAnAnswerThatAClientCanRead) {
  // Error details are in HTTP/2 headers, and a client accepts 8 KiB of headers.
  job::v1::BatchCreateJobsRequest create;
  user::v1::BatchGetUsersRequest users;
  for (int i = 0; i < 1'000; ++i) {
    create.add_requests()->set_id("wrong");
    users.add_ids("wrong");
  }
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::BatchCreateJobs, create, AsUser()),
              IsRefusedFor("requests.id"));
  EXPECT_THAT(Call(services_->users(), &UserService::Stub::BatchGetUsers, users, AsService()),
              IsRefusedFor("ids"));
}

TEST_F(Batches, LongNamesGetAnAnswerThatAClientCanRead) {
  user::v1::UpdateUserRequest request;
  request.mutable_user()->set_id(user_->id);
  request.mutable_update_mask()->add_paths(std::string(20'000, 'x'));
  EXPECT_EQ(Call(services_->users(), &UserService::Stub::UpdateUser, request, AsSuperuser()).code(),
            grpc::INVALID_ARGUMENT);
}

TEST_F(Batches, LongKeysOfWrongJsonGetAnAnswerThatAClientCanRead) {
  job::v1::FailJobRequest request;
  request.set_id(NewUuid());
  request.set_lease_token(1);
  request.set_code("X");
  auto& fields = *request.mutable_details()->mutable_struct_value()->mutable_fields();
  fields[std::string(20'000, 'k')].set_number_value(std::nan(""));
  EXPECT_EQ(Call(services_->jobs(), &JobService::Stub::FailJob, request, AsService()).code(),
            grpc::INVALID_ARGUMENT);
}

TEST_F(Batches, ManyFaultsUnderALongKeyAreNotMultiplied) {
  // 300,000 violations with a path of 1 MB each would need more memory than the machine has.
  job::v1::FailJobRequest request;
  request.set_id(NewUuid());
  request.set_lease_token(1);
  request.set_code("X");
  auto& fields = *request.mutable_details()->mutable_struct_value()->mutable_fields();
  auto& list = *fields[std::string(1'000'000, 'k')].mutable_list_value();
  for (int i = 0; i < 300'000; ++i) list.add_values();
  EXPECT_EQ(Call(services_->jobs(), &JobService::Stub::FailJob, request, AsService()).code(),
            grpc::INVALID_ARGUMENT);
}

TEST_F(Batches, ThousandJobsAreMadeAndRead) {
  job::v1::BatchCreateJobsRequest create;
  for (int i = 0; i < 1'000; ++i) create.add_requests()->set_workflow_id("w" + std::to_string(i));
  const auto created =
      Call(services_->jobs(), &JobService::Stub::BatchCreateJobs, create, AsUser());
  ASSERT_THAT(created, IsOk());
  ASSERT_EQ(created.value.jobs_size(), 1'000);
  job::v1::BatchGetJobsRequest get;
  for (const auto& job : created.value.jobs()) get.add_ids(job.id());
  get.set_ids(500, get.ids(0));
  get.set_ids(501, NewUuid());
  const auto got = Call(services_->jobs(), &JobService::Stub::BatchGetJobs, get, AsUser());
  ASSERT_THAT(got, IsOk());
  ASSERT_EQ(got.value.jobs_size(), 999);
  EXPECT_EQ(got.value.jobs(500).id(), get.ids(0));
  EXPECT_EQ(got.value.jobs(501).id(), get.ids(502));
  EXPECT_EQ(got.value.missing_ids_size(), 1);
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(created.value.jobs(i).workflow_id(), "w" + std::to_string(i));
  }
}

TEST_F(Batches, SameIdTwiceInABatchIsRefused) {
  job::v1::BatchCreateJobsRequest create;
  const std::string id = NewUuid();
  for (int i = 0; i < 2; ++i) {
    create.add_requests()->set_id(id);
    create.mutable_requests(i)->set_workflow_id("w");
  }
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::BatchCreateJobs, create, AsUser()),
              testing::AnyOf(IsRefusedFor("requests"), IsRefusedFor("requests.id")));
  job::v1::HeartbeatJobsRequest beat;
  for (int i = 0; i < 2; ++i) {
    beat.add_leases()->set_job_id(id);
    beat.mutable_leases(i)->set_lease_token(1);
  }
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::HeartbeatJobs, beat, AsService()),
              testing::AnyOf(IsRefusedFor("leases"), IsRefusedFor("leases.job_id")));
}

TEST_F(Batches, ValuesOfEnumsThatNobodyKnowsAreRefused) {
  job::v1::ListJobsRequest list;
  list.set_status(static_cast<job::v1::Job::Status>(99));
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::ListJobs, list, AsUser()),
              IsRefusedFor("status"));
  list.clear_status();
  list.set_view(static_cast<job::v1::JobView>(99));
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::ListJobs, list, AsUser()),
              IsRefusedFor("view"));
}

TEST_F(Batches, AccountsAreForServicesOnly) {
  user::v1::BatchGetUsersRequest request;
  request.add_ids(user_->id);
  request.set_include_accounts(true);
  const auto denied =
      Call(services_->users(), &UserService::Stub::BatchGetUsers, request, AsSuperuser());
  EXPECT_EQ(denied.code(), grpc::PERMISSION_DENIED) << Describe(denied.status);
  const auto given =
      Call(services_->users(), &UserService::Stub::BatchGetUsers, request, AsService());
  ASSERT_THAT(given, IsOk());
  EXPECT_EQ(given.value.accounts_size(), 1);
}

TEST_F(Batches, ResultsThatDoNotFitAreLeftOutAndNamed) {
  job::v1::BatchGetJobsRequest request;
  request.set_view(job::v1::EXACT);
  const Person other = services_->SignUp();
  request.add_ids(CreateJob(*services_, other, "w").id());
  for (int i = 0; i < 4; ++i) request.add_ids(CreateJob(*services_, *user_, "w").id());
  // Jobs that the caller may not see do not count towards the size limit.
  Database().Run("UPDATE agent_jobs SET result_payload = to_jsonb(repeat('x', 900000))");
  const auto batch =
      Call(services_->jobs(), &JobService::Stub::BatchGetJobs, request, AsUser()).value;
  ASSERT_EQ(batch.jobs_size(), 4);
  EXPECT_EQ(batch.missing_ids_size(), 1);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(batch.jobs(i).id(), request.ids(i + 1));
    EXPECT_EQ(batch.jobs(i).result_json().size(), i < 2 ? 900'002U : 0U);
  }
  ASSERT_EQ(batch.omitted_result_ids_size(), 2);
  EXPECT_EQ(batch.omitted_result_ids(0), request.ids(3));
  EXPECT_EQ(batch.omitted_result_ids(1), request.ids(4));
  *request.mutable_ids() = batch.omitted_result_ids();
  const auto rest =
      Call(services_->jobs(), &JobService::Stub::BatchGetJobs, request, AsUser()).value;
  EXPECT_EQ(rest.jobs(1).result_json().size(), 900'002U);
  EXPECT_EQ(rest.omitted_result_ids_size(), 0);
  request.set_view(job::v1::BASIC);
  EXPECT_EQ(Call(services_->jobs(), &JobService::Stub::BatchGetJobs, request, AsUser())
                .value.omitted_result_ids_size(),
            0);
}

}  // namespace
}  // namespace vibestack::e2e
