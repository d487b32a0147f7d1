// The database of a foreign SQLAlchemy program, which the migration adopts and the services use.
#include <gmock/gmock.h>

#include "absl/strings/str_split.h"
#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

struct Stranger {
  std::string email;
  std::string password;
  bool active = true;
};

class Adoption : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::string root = RequiredEnvironment("VIBESTACK_E2E_ROOT");
    const Finished made =
        RunToEnd(root + "/.local/venv/bin/python", {"-m", "tests.support.print_foreign_database"},
                 {"PYTHONPATH=" + root, "PYTHONIOENCODING=utf-8"});
    ASSERT_EQ(made.exit_code, 0) << made.standard_error;
    const std::vector<std::string> lines =
        absl::StrSplit(made.standard_output, '\n', absl::SkipEmpty());
    ASSERT_GE(lines.size(), 5U);
    for (size_t i = 1; i < lines.size(); ++i) {
      const std::vector<std::string> columns = absl::StrSplit(lines[i], '\t');
      strangers_->push_back({columns.at(0), columns.at(1), columns.at(2) == "active"});
    }
    const Finished migrated =
        RunToEnd(root + "/deploy/migrations/migrate", {}, {"DATABASE_URL=" + lines[0]});
    ASSERT_EQ(migrated.exit_code, 0) << migrated.standard_error;
    services_ = new Services({.database_url = lines[0]});
    database_ = new Database(lines[0]);
  }
  static void TearDownTestSuite() {
    delete database_;
    delete services_;
    delete strangers_;
  }

  static Result<user::v1::TokenResponse> LogIn(const std::string& email,
                                               const std::string& password) {
    user::v1::LoginRequest request;
    request.set_email(email);
    request.set_password(password);
    return Call(services_->auth(), &AuthService::Stub::Login, request);
  }

  static std::vector<Stranger>* strangers_;
  static Services* services_;
  static Database* database_;
};

std::vector<Stranger>* Adoption::strangers_ = new std::vector<Stranger>();
Services* Adoption::services_ = nullptr;
Database* Adoption::database_ = nullptr;

TEST_F(Adoption, HashesMadeByPythonLogInWithTheEmailInAnyCase) {
  std::set<std::string> kinds;
  for (const std::string& kind : database_->Column("SELECT left(hashed_password, 4) FROM users")) {
    kinds.insert(kind);
  }
  EXPECT_THAT(kinds, testing::IsSupersetOf({"$2a$", "$2b$", "$2y$"}));
  for (const Stranger& stranger : *strangers_) {
    std::string upper = stranger.email;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    for (const std::string& email : {stranger.email, upper}) {
      const auto tokens = LogIn(email, stranger.password);
      EXPECT_EQ(tokens.ok(), stranger.active) << email << ": " << Describe(tokens.status);
      EXPECT_EQ(LogIn(email, "?" + stranger.password.substr(1)).reason(), "INVALID_CREDENTIALS");
      if (!stranger.active) continue;
      const With with{.token = tokens.value.access_token()};
      user::v1::GetUserRequest me;
      me.set_id("me");
      const auto user = Call(services_->users(), &UserService::Stub::GetUser, me, with);
      ASSERT_TRUE(user.ok()) << Describe(user.status);
      EXPECT_TRUE(user.value.is_active());
      EXPECT_TRUE(user.value.has_created_at());
    }
  }
}

TEST_F(Adoption, EmailThatStandsThereInAnotherCaseIsTaken) {
  user::v1::SignUpRequest request;
  request.set_email("ada.LOVELACE@example.org");
  request.set_password("correct horse battery");
  EXPECT_EQ(Call(services_->auth(), &AuthService::Stub::SignUp, request).reason(), "EMAIL_TAKEN");
  user::v1::GetUserByEmailRequest by_email;
  by_email.set_email("ada.lovelace@EXAMPLE.org");
  const auto user = Call(services_->users(), &UserService::Stub::GetUserByEmail, by_email,
                         {.token = services_->service_token()});
  ASSERT_TRUE(user.ok()) << Describe(user.status);
  EXPECT_FALSE(user.value.is_superuser());
}

TEST_F(Adoption, ListsHoldEveryAdoptedRow) {
  const With with{.token = services_->service_token()};
  const auto users =
      Call(services_->users(), &UserService::Stub::ListUsers, user::v1::ListUsersRequest(), with);
  EXPECT_EQ(users.value.users_size(), static_cast<int>(strangers_->size()));
  user::v1::ListUsersRequest active;
  active.set_is_active(true);
  EXPECT_EQ(
      Call(services_->users(), &UserService::Stub::ListUsers, active, with).value.users_size(),
      static_cast<int>(strangers_->size()) - 1);
  const auto jobs =
      Call(services_->jobs(), &JobService::Stub::ListJobs, job::v1::ListJobsRequest(), with);
  ASSERT_TRUE(jobs.ok()) << Describe(jobs.status);
  EXPECT_EQ(jobs.value.jobs_size(), 3);
  for (const auto& job : jobs.value.jobs()) {
    EXPECT_NE(job.status(), job::v1::Job::STATUS_UNSPECIFIED);
    EXPECT_TRUE(job.has_created_at() && job.has_updated_at());
  }
}

TEST_F(Adoption, JobWithoutAStatusIsClaimedAndCompleted) {
  const std::string id = database_->One(
      "SELECT id FROM agent_jobs WHERE status IS NULL AND workflow_id = 'summarise'");
  const job::v1::ClaimedJob claimed = ClaimJob(*services_, "summarise");
  EXPECT_EQ(claimed.job().id(), id);
  const auto completed = Complete(*services_, claimed, R"({"ok": true})");
  ASSERT_TRUE(completed.ok()) << Describe(completed.status);
  EXPECT_EQ(completed.value.status(), job::v1::Job::COMPLETED);
}

TEST_F(Adoption, JobOfNobodyIsClaimedAndCompleted) {
  const std::string id = NewUuid();
  database_->Run("INSERT INTO agent_jobs (id, workflow_id, created_at, updated_at) VALUES ('" + id +
                 "', 'orphan', NULL, NULL)");
  const job::v1::ClaimedJob claimed = ClaimJob(*services_, "orphan");
  EXPECT_EQ(claimed.job().id(), id);
  EXPECT_EQ(claimed.job().user_id(), "");
  EXPECT_TRUE(Complete(*services_, claimed, "1").ok());
}

}  // namespace
}  // namespace vibestack::e2e
