#ifndef VIBESTACK_TESTS_INTEGRATION_USER_SERVICE_FIXTURE_H_
#define VIBESTACK_TESTS_INTEGRATION_USER_SERVICE_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <pqxx/pqxx>
#include "absl/time/clock.h"
#include "common/async/sync_wait.h"
#include "common/auth/password_pool.h"
#include "common/base/error.h"
#include "common/base/uuid.h"
#include "common/db/pool.h"
#include "common/telemetry/metrics.h"
#include "tests/support/environment.h"
#include "user_service/domain/accounts.h"
#include "user_service/domain/passwords.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {

// A UserStore and the domain objects, on the migrated database of DATABASE_URL, with empty tables.
class UserServiceTest : public testing::Test {
 protected:
  UserServiceTest() { Sql("TRUNCATE users, agent_jobs CASCADE"); }
  ~UserServiceTest() override {
    password_pool_.Stop();
    users_.Close();
    pool_.Stop();
  }

  // Runs SQL as a foreign program does.
  pqxx::result Sql(const std::string& sql) { return pqxx::nontransaction(foreign_).exec(sql); }
  std::string Quoted(const std::string& text) { return foreign_.quote(text); }

  static absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

  static NewUser MakeUser(const std::string& email) {
    NewUser user;
    user.id = NewUuid();
    user.email = email;
    user.hashed_password = Secret("$2b$04$" + std::string(53, 'a'));
    return user;
  }

  static NewAccount MakeAccount(const std::string& email) {
    NewAccount account;
    account.email = email;
    account.password = Secret("correct horse");
    return account;
  }

  // Inserts a user as a foreign program does. Returns its id.
  std::string InsertForeign(const std::string& email, const std::string& hash) {
    return Sql("INSERT INTO users (id, email, hashed_password, is_active, is_superuser) VALUES ('" +
               NewUuid() + "', " + Quoted(email) + ", " + Quoted(hash) +
               ", NULL, NULL) RETURNING id")[0][0]
        .c_str();
  }

  // Waits until a statement of the store waits for a lock. Returns false after 10 seconds.
  static bool WaitForALock() {
    pqxx::connection observer(DatabaseUrl());
    const absl::Time give_up = absl::Now() + absl::Seconds(10);
    while (absl::Now() < give_up) {
      const auto waiting = pqxx::nontransaction(observer).exec(
          "SELECT FROM pg_stat_activity WHERE application_name = 'user_service_pgtest' "
          "AND wait_event_type = 'Lock'");
      if (!waiting.empty()) return true;
      std::this_thread::yield();
    }
    return false;
  }

  absl::StatusOr<UserPtr> Get(const std::string& id) { return SyncWait(users_.Get(id, Soon())); }

  static db::PoolOptions PoolOptionsOf(int connections) {
    db::PoolOptions options;
    options.session = UserSessionOptions(DatabaseUrl());
    options.session.application_name = "user_service_pgtest";
    options.connections = connections;
    return options;
  }

  pqxx::connection foreign_{DatabaseUrl()};
  db::Pool pool_{PoolOptionsOf(4)};
  Metrics metrics_;
  UserStore users_{pool_, metrics_, {}};
  auth::PasswordPool password_pool_{{.threads = 2}};
  Passwords passwords_{password_pool_, 4};
  Accounts accounts_{users_, passwords_};
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_TESTS_INTEGRATION_USER_SERVICE_FIXTURE_H_
