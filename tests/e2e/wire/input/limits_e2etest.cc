// The limits of single fields: the largest valid value is stored, and a larger one is refused with
// the name of the field.
#include "tests/e2e/wire/input/input_fixture.h"

namespace vibestack::e2e {
namespace {

std::string Repeated(const std::string& text, int times) {
  std::string whole;
  for (int i = 0; i < times; ++i) whole += text;
  return whole;
}

class Limits : public InputTest {
 protected:
  static user::v1::SignUpRequest NewAccount() {
    user::v1::SignUpRequest request;
    request.set_email(NewUuid() + "@example.org");
    request.set_password("correct horse battery");
    return request;
  }
  static Result<user::v1::User> SignUp(const user::v1::SignUpRequest& request) {
    return Call(services_->auth(), &AuthService::Stub::SignUp, request);
  }
  static Result<job::v1::Job> CreateJob(const std::string& id, const std::string& workflow_id) {
    job::v1::CreateJobRequest request;
    request.set_id(id);
    request.set_workflow_id(workflow_id);
    return Call(services_->jobs(), &JobService::Stub::CreateJob, request, AsUser());
  }
};

TEST_F(Limits, LengthsAreCountedInCharacters) {
  auto request = NewAccount();
  request.set_full_name(Repeated("ö", 100));
  request.set_bio(Repeated("🦉", 65'536));
  const auto fits = SignUp(request);
  ASSERT_THAT(fits, IsOk());
  EXPECT_EQ(fits.value.full_name(), request.full_name());
  EXPECT_EQ(fits.value.bio(), request.bio());
  request = NewAccount();
  request.set_full_name(Repeated("ö", 101));
  request.set_bio(Repeated("🦉", 65'537));
  const auto refused = SignUp(request);
  EXPECT_THAT(refused, IsRefusedFor("full_name"));
  EXPECT_THAT(refused, IsRefusedFor("bio"));
  EXPECT_THAT(CreateJob("", Repeated("ü", 100)), IsOk());
  EXPECT_THAT(CreateJob("", Repeated("ü", 101)), IsRefusedFor("workflow_id"));
  EXPECT_THAT(CreateJob("", ""), IsRefusedFor("workflow_id"));
}

TEST_F(Limits, PasswordsAreCountedInBytes) {
  auto request = NewAccount();
  request.set_password(Repeated("ö", 36));
  ASSERT_THAT(SignUp(request), IsOk());
  EXPECT_FALSE(services_->LogIn(request.email(), request.password()).access_token.empty());
  request = NewAccount();
  for (const std::string& password : {Repeated("ö", 37), std::string("1234567"), std::string()}) {
    request.set_password(password);
    EXPECT_THAT(SignUp(request), IsRefusedFor("password"));
  }
}

TEST_F(Limits, EmailsAreCheckedAndLoweredInAsciiOnly) {
  auto request = NewAccount();
  const std::string unique = NewUuid();
  request.set_email("ÄRGER." + unique + "@EXAMPLE.org");
  const auto user = SignUp(request);
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user.value.email(), "Ärger." + unique + "@example.org");
  request.set_email("Ärger." + unique + "@Example.ORG");
  EXPECT_EQ(SignUp(request).reason(), "EMAIL_TAKEN");
  for (const std::string& email :
       {std::string("no-at-sign"), std::string("a@"), std::string("@b"), std::string("a@b@c"),
        std::string(250, 'a') + "@b.org", std::string()}) {
    request.set_email(email);
    EXPECT_THAT(SignUp(request), IsRefusedFor("email")) << email;
  }
  request.set_email(std::string(255 - unique.size() - 6, 'x') + unique + "@b.org");
  EXPECT_THAT(SignUp(request), IsOk());
}

TEST_F(Limits, ClientChosenIdOfAnotherUuidVersionIsRefused) {
  const std::string ids[] = {
      "c232ab00-9414-11ec-b3c8-9f6bdeced846",   // version 1
      "5df41881-3aed-3515-88a7-2f4a814cf09e",   // version 3
      "2ed6657d-e927-568b-95e1-2665a8aea6a2",   // version 5
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",   // version 7
      "919108f7-52d1-4320-cbac-f847db4148a8",   // version 4, another variant
      "00000000-0000-0000-0000-000000000000",   // nil
      "919108f752d14320 9bacf847db4148a8",      // not the text form
      "{919108f7-52d1-4320-9bac-f847db4148a8}"  // braces, which PostgreSQL takes
  };
  for (const std::string& id : ids) {
    EXPECT_THAT(CreateJob(id, "w"), IsRefusedFor("id")) << id;
    user::v1::CreateUserRequest request;
    request.set_id(id);
    request.set_email(NewUuid() + "@example.org");
    request.set_password("correct horse battery");
    EXPECT_THAT(Call(services_->users(), &UserService::Stub::CreateUser, request, AsSuperuser()),
                IsRefusedFor("id"))
        << id;
  }
  EXPECT_THAT(CreateJob("919108F7-52D1-4320-9BAC-F847DB4148A8", "w"), IsOk());
  const auto again = CreateJob("919108f7-52d1-4320-9bac-f847db4148a8", "w");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again.value.id(), "919108f7-52d1-4320-9bac-f847db4148a8");
}

TEST_F(Limits, UnknownMaskPathsAreRefused) {
  for (const std::string path : {"hashed_password", "id", "created_at", "no_such_field",
                                 "user.full_name", "full_name.x", "", "Full_name", "fullName"}) {
    user::v1::UpdateUserRequest request;
    request.mutable_user()->set_id(user_->id);
    request.mutable_user()->set_full_name("Somebody");
    request.mutable_update_mask()->add_paths("full_name");
    request.mutable_update_mask()->add_paths(path);
    const auto result =
        Call(services_->users(), &UserService::Stub::UpdateUser, request, AsSuperuser());
    EXPECT_THAT(result,
                testing::AnyOf(IsRefusedFor("update_mask"), IsRefusedFor("update_mask.paths")))
        << path;
  }
}

TEST_F(Limits, TimesAndSpansOutOfRangeAreRefused) {
  for (const auto& [seconds, nanos] : {std::pair<int64_t, int>{253'402'300'800, 0},
                                       {-62'135'596'801, 0},
                                       {0, -1},
                                       {0, 1'000'000'000},
                                       {INT64_MIN, 0},
                                       {INT64_MAX, 0}}) {
    job::v1::ListJobsRequest list;
    list.mutable_created_after()->set_seconds(seconds);
    list.mutable_created_after()->set_nanos(nanos);
    EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::ListJobs, list, AsUser()),
                IsRefusedFor("created_after"));
    user::v1::ListUsersRequest users;
    *users.mutable_created_before() = list.created_after();
    EXPECT_THAT(Call(services_->users(), &UserService::Stub::ListUsers, users, AsSuperuser()),
                IsRefusedFor("created_before"));
  }
  job::v1::WaitJobRequest wait;
  wait.set_id(NewUuid());
  wait.mutable_timeout()->set_seconds(-1);
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::WaitJob, wait, AsService()),
              IsRefusedFor("timeout"));
  job::v1::ClaimJobsRequest claim;
  claim.add_workflow_ids("w");
  claim.mutable_wait()->set_seconds(INT64_MAX);
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::ClaimJobs, claim, AsService()),
              IsRefusedFor("wait"));
  claim.clear_wait();
  claim.set_max_jobs(-1);
  EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::ClaimJobs, claim, AsService()),
              IsRefusedFor("max_jobs"));
}

TEST_F(Limits, EdgesOfTimeAreListed) {
  for (const int64_t seconds : {-62'135'596'800L, 0L, 253'402'300'799L}) {
    job::v1::ListJobsRequest list;
    list.mutable_created_after()->set_seconds(seconds);
    list.mutable_created_before()->set_seconds(seconds);
    EXPECT_THAT(Call(services_->jobs(), &JobService::Stub::ListJobs, list, AsUser()), IsOk());
  }
}

}  // namespace
}  // namespace vibestack::e2e
