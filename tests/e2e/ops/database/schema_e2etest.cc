// What the services need in the database: a schema version that serves them, and rights on two
// tables.
#include <gmock/gmock.h>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

// A new database without a migration. The destructor drops it.
class OtherDatabase {
 public:
  OtherDatabase() { database_.Run("CREATE DATABASE " + name_); }
  ~OtherDatabase() { database_.Run("DROP DATABASE " + name_ + " WITH (FORCE)"); }

  std::string url() const {
    const std::string url = DatabaseUrl();
    return url.substr(0, url.rfind('/') + 1) + name_;
  }
  void Migrate() const {
    const Finished done =
        RunToEnd(RequiredEnvironment("VIBESTACK_E2E_ROOT") + "/deploy/migrations/migrate", {},
                 {"DATABASE_URL=" + url()});
    EXPECT_EQ(done.exit_code, 0) << done.standard_error;
  }

 private:
  const std::string name_ = "other_" + std::to_string(FreePort());
  Database database_;
};

TEST(Schema, UnmigratedDatabaseMeansNotReadyUntilItIsMigrated) {
  const OtherDatabase other;
  Services services({.database_url = other.url(), .start = false});
  for (Service* service : {&services.user(), &services.job()}) {
    service->Start();
    EXPECT_TRUE(Eventually(absl::Seconds(10), [service] {
      return service->log().find("SCHEMA_UNKNOWN") != std::string::npos;
    }));
    EXPECT_EQ(Health(service->channel(), "readiness"), "NOT_SERVING");
    EXPECT_EQ(Health(service->channel(), "liveness"), "SERVING");
  }
  EXPECT_THAT(services.Logs(), Not(HasSubstr("postgresql://")));
  other.Migrate();
  services.user().AwaitReady();
  services.job().AwaitReady();
  EXPECT_FALSE(CreateJob(services, services.SignUp(), "w").id().empty());
}

TEST(Schema, ASchemaThatServesTheRunningProgramsNoMoreMeansNotReadyUntilItDoes) {
  const OtherDatabase other;
  other.Migrate();
  Services services({.database_url = other.url()});
  Database database(other.url());
  const std::string body =
      database.One("SELECT pg_get_functiondef('vibestack_schema_serves(integer)'::regprocedure)");
  database.Run(
      "CREATE OR REPLACE FUNCTION vibestack_schema_serves(program integer) RETURNS boolean "
      "LANGUAGE sql AS 'SELECT false'");
  // The pool pings an idle connection every 15 seconds.
  for (Service* service : {&services.user(), &services.job()}) {
    EXPECT_TRUE(Eventually(absl::Seconds(40), [service] { return !service->IsReady(); }));
  }
  database.Run(body);
  services.user().AwaitReady();
  services.job().AwaitReady();
}

TEST(Schema, RightsOnTheTwoTablesAreEnoughForTheServices) {
  const OtherDatabase other;
  other.Migrate();
  Database owner(other.url());
  const std::string role = "app_" + std::to_string(FreePort());
  owner.Run("CREATE ROLE " + role + " LOGIN PASSWORD 'app'");
  owner.Run("GRANT SELECT, INSERT, UPDATE, DELETE ON users, agent_jobs TO " + role);
  {
    std::string url = other.url();
    const size_t account = url.find("://") + 3;
    url.replace(account, url.find('@') - account, role + ":app");
    Services services(
        {.job_flags = {"--lease_duration=1s", "--sweep_interval=100ms", "--retention=1h"},
         .database_url = url});
    const Person superuser = services.CreateSuperuser();
    const Person person = services.SignUp();
    ASSERT_TRUE(Complete(services, CreateAndClaim(services, person), "1").ok());
    // The sweep makes an unfinished job pending.
    const auto claimed = CreateAndClaim(services, person);
    EXPECT_TRUE(Eventually(absl::Seconds(20), [&] {
      return GetJob(services, person.access_token, claimed.job().id()).value.status() ==
             job::v1::Job::PENDING;
    }));
    user::v1::UpdateUserRequest update;
    update.mutable_user()->set_id(person.id);
    update.mutable_user()->set_is_active(false);
    update.mutable_update_mask()->add_paths("is_active");
    EXPECT_TRUE(Call(services.users(), &UserService::Stub::UpdateUser, update,
                     {.token = superuser.access_token})
                    .ok());
    user::v1::PurgeUserRequest purge;
    purge.set_id(person.id);
    const auto purged = Call(services.users(), &UserService::Stub::PurgeUser, purge,
                             {.token = superuser.access_token});
    EXPECT_EQ(purged.value.purged_jobs(), 2) << Describe(purged.status);
    EXPECT_THAT(services.Logs(), Not(HasSubstr("statement_refused")));
  }
  owner.Run("DROP OWNED BY " + role);
  owner.Run("DROP ROLE " + role);
}

}  // namespace
}  // namespace vibestack::e2e
