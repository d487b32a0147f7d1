// No response and no log line contains a secret.
#include <gmock/gmock.h>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

// Makes calls and keeps the text of all responses and errors.
class Recorder {
 public:
  template <typename Stub, typename Request, typename Response>
  Response Do(Stub& stub,
              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              const Request& request, const std::string& token) {
    const auto result = Call(stub, method, request, {.token = token});
    answers_ += result.value.SerializeAsString() + result.value.DebugString() +
                result.status.error_message() + result.status.error_details();
    ++calls_;
    return result.value;
  }
  const std::string& answers() const { return answers_; }
  int calls() const { return calls_; }

 private:
  std::string answers_;
  int calls_ = 0;
};

template <typename Request>
Request WithId(const std::string& id) {
  Request request;
  request.set_id(id);
  return request;
}

class Secrets : public testing::Test {
 protected:
  void WalkUsers() {
    const std::string& admin = superuser_.access_token;
    auto& users = services_.users();
    user::v1::CreateUserRequest create;
    create.set_email("hidden-" + NewUuid() + "@example.org");
    create.set_password(password_);
    emails_.push_back(create.email());
    const auto made = recorder_.Do(users, &UserService::Stub::CreateUser, create, admin);
    recorder_.Do(users, &UserService::Stub::CreateUser, create, admin);  // EMAIL_TAKEN
    recorder_.Do(users, &UserService::Stub::GetUser, WithId<user::v1::GetUserRequest>("me"),
                 person_.access_token);
    user::v1::GetUserByEmailRequest by_email;
    by_email.set_email(create.email());
    recorder_.Do(users, &UserService::Stub::GetUserByEmail, by_email, admin);
    user::v1::BatchGetUsersRequest batch;
    batch.add_ids(made.id());
    batch.add_ids(person_.id);
    batch.set_include_accounts(true);
    const auto got =
        recorder_.Do(users, &UserService::Stub::BatchGetUsers, batch, services_.service_token());
    for (const auto& account : got.accounts()) fingerprints_.push_back(account.fingerprint());
    recorder_.Do(users, &UserService::Stub::ListUsers, user::v1::ListUsersRequest(), admin);
    user::v1::UpdateUserRequest update;
    update.mutable_user()->set_id(made.id());
    update.mutable_user()->set_bio("a life");
    recorder_.Do(users, &UserService::Stub::UpdateUser, update, admin);
    user::v1::UpdateUserRequest email;
    email.mutable_user()->set_id("me");
    email.mutable_user()->set_email("moved-" + NewUuid() + "@example.org");
    email.mutable_update_mask()->add_paths("email");
    email.set_current_password(password_);  // not this person's
    recorder_.Do(users, &UserService::Stub::UpdateUser, email, person_.access_token);
    emails_.push_back(email.user().email());
    recorder_.Do(users, &UserService::Stub::DeleteUser,
                 WithId<user::v1::DeleteUserRequest>(made.id()), admin);
    recorder_.Do(users, &UserService::Stub::UndeleteUser,
                 WithId<user::v1::UndeleteUserRequest>(made.id()), admin);
    recorder_.Do(users, &UserService::Stub::PurgeUser,
                 WithId<user::v1::PurgeUserRequest>(made.id()), admin);
  }

  void WalkAuth() {
    auto& auth = services_.auth();
    user::v1::LoginRequest login;
    login.set_email(person_.email);
    login.set_password(person_.password + "?");
    recorder_.Do(auth, &AuthService::Stub::Login, login, "");
    user::v1::SignUpRequest sign_up;
    sign_up.set_email(person_.email);
    sign_up.set_password(password_);
    recorder_.Do(auth, &AuthService::Stub::SignUp, sign_up, "");  // EMAIL_TAKEN
    user::v1::RefreshTokenRequest refresh;
    refresh.set_refresh_token(person_.refresh_token + "x");
    recorder_.Do(auth, &AuthService::Stub::RefreshToken, refresh, "");
    recorder_.Do(auth, &AuthService::Stub::GetJwks, user::v1::GetJwksRequest(), "");
    WalkTokens();
  }

  // Calls each method with a token in its request, and those that change a password.
  void WalkTokens() {
    auto& auth = services_.auth();
    user::v1::IntrospectTokenRequest introspect;
    introspect.set_token(person_.refresh_token);
    recorder_.Do(auth, &AuthService::Stub::IntrospectToken, introspect, services_.service_token());
    user::v1::RefreshTokenRequest refresh;
    refresh.set_refresh_token(person_.access_token);
    recorder_.Do(auth, &AuthService::Stub::RefreshToken, refresh, "");
    user::v1::ConfirmSignUpRequest confirm;
    confirm.set_token(person_.access_token);
    confirm.set_password(password_);
    recorder_.Do(auth, &AuthService::Stub::ConfirmSignUp, confirm, "");
    user::v1::ResetPasswordRequest reset;
    reset.set_token(person_.refresh_token);
    reset.set_new_password(password_);
    recorder_.Do(auth, &AuthService::Stub::ResetPassword, reset, "");
    user::v1::ChangePasswordRequest change;
    change.set_current_password(password_);  // not this person's
    change.set_new_password(password_);
    recorder_.Do(auth, &AuthService::Stub::ChangePassword, change, person_.access_token);
    const Person other = services_.SignUp();
    change.set_current_password(other.password);
    recorder_.Do(auth, &AuthService::Stub::ChangePassword, change, other.access_token);
    emails_.push_back(other.email);
  }

  void WalkJobs() {
    auto& jobs = services_.jobs();
    const std::string& user = person_.access_token;
    const job::v1::ClaimedJob claimed = CreateAndClaim(services_, person_);
    job::v1::FailJobRequest fail;
    fail.set_id(claimed.job().id());
    fail.set_lease_token(claimed.lease_token());
    fail.set_code("NO");
    recorder_.Do(jobs, &JobService::Stub::FailJob, fail, services_.service_token());
    recorder_.Do(jobs, &JobService::Stub::GetJob,
                 WithId<job::v1::GetJobRequest>(claimed.job().id()), user);
    recorder_.Do(jobs, &JobService::Stub::WaitJob,
                 WithId<job::v1::WaitJobRequest>(claimed.job().id()), user);
    recorder_.Do(jobs, &JobService::Stub::CancelJob,
                 WithId<job::v1::CancelJobRequest>(claimed.job().id()), user);
    job::v1::BatchGetJobsRequest batch;
    batch.add_ids(claimed.job().id());
    recorder_.Do(jobs, &JobService::Stub::BatchGetJobs, batch, user);
    recorder_.Do(jobs, &JobService::Stub::ListJobs, job::v1::ListJobsRequest(), user);
  }

  void ExpectHidden(const std::string& secret, const std::string& what) {
    ASSERT_GE(secret.size(), 8U) << what;
    EXPECT_THAT(services_.Logs(), Not(HasSubstr(secret))) << what << " is in a log";
  }

  Services services_;
  const std::string password_ = "pass-" + NewUuid();
  const Person superuser_ = services_.CreateSuperuser();
  const Person person_ = services_.SignUp("Quiet.One." + NewUuid() + "@example.org");
  std::vector<std::string> emails_;
  std::vector<std::string> fingerprints_;
  Recorder recorder_;
};

TEST_F(Secrets, HashedPasswordIsInNoResponseAndNoLog) {
  WalkUsers();
  WalkAuth();
  WalkJobs();
  EXPECT_GE(recorder_.calls(), 24);
  ASSERT_THAT(services_.Logs(), HasSubstr(R"("level":"debug")"));
  for (const std::string& hash : Database().Column("SELECT hashed_password FROM users")) {
    EXPECT_THAT(recorder_.answers(), Not(HasSubstr(hash)));
    // The salt alone, too.
    EXPECT_THAT(recorder_.answers(), Not(HasSubstr(hash.substr(7, 22))));
    ExpectHidden(hash.substr(7, 22), "a hash");
  }
  EXPECT_THAT(recorder_.answers(), Not(HasSubstr(password_)));
  EXPECT_THAT(recorder_.answers(), Not(HasSubstr("hashed_password")));
  ExpectHidden(password_, "a password");
  ExpectHidden(person_.password, "a password");
}

TEST_F(Secrets, NoTokenEmailOrDatabasePasswordIsInALog) {
  WalkUsers();
  WalkAuth();
  WalkJobs();
  for (const Person& person : {person_, superuser_}) {
    ExpectHidden(person.access_token.substr(person.access_token.rfind('.') + 1), "a token");
    ExpectHidden(person.refresh_token.substr(person.refresh_token.rfind('.') + 1), "a token");
    ExpectHidden(person.email, "an email");
  }
  ExpectHidden("example.org", "an email");
  ExpectHidden("xample.org", "an email");
  for (const std::string& email : emails_) ExpectHidden(email, "an email");
  for (const std::string& fingerprint : fingerprints_) ExpectHidden(fingerprint, "a fingerprint");
  EXPECT_EQ(fingerprints_.size(), 2U);
  ExpectHidden(services_.service_token().substr(0, 60), "the service token");
  const std::string url = DatabaseUrl();
  const size_t colon = url.find(':', url.find("//"));
  ExpectHidden(url.substr(colon + 1, url.find('@') - colon - 1), "the database's password");
  for (const std::string& line : {std::string("SELECT"), std::string("INSERT INTO")}) {
    EXPECT_THAT(services_.Logs(), Not(HasSubstr(line)));
  }
}

TEST_F(Secrets, LoginDoesNotRevealWhetherAnEmailExists) {
  user::v1::LoginRequest request;
  request.set_password("not the right one");
  std::set<std::string> answers;
  Database().Run("UPDATE users SET is_active = false WHERE id = '" + person_.id + "'");
  for (const std::string& email : {superuser_.email, person_.email, NewUuid() + "@example.org"}) {
    request.set_email(email);
    const auto result = Call(services_.auth(), &AuthService::Stub::Login, request);
    EXPECT_EQ(result.code(), grpc::UNAUTHENTICATED);
    answers.insert(result.status.error_details());
  }
  request.set_email(person_.email);
  request.set_password(person_.password);
  answers.insert(Call(services_.auth(), &AuthService::Stub::Login, request).status.error_details());
  EXPECT_EQ(answers.size(), 1U);
}

}  // namespace
}  // namespace vibestack::e2e
