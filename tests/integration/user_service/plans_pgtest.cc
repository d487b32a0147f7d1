#include <set>
#include <string>

#include "tests/integration/user_service/fixture.h"
#include "user_service/store/sql.h"

namespace vibestack::user_service {
namespace {

using testing::HasSubstr;
using testing::Not;

// The generic plans of the sessions of user_service.
class PlansTest : public UserServiceTest {
 protected:
  PlansTest() { Connect(); }

  // Opens a new session with the settings of user_service.
  void Connect() {
    ours_ = std::make_unique<pqxx::connection>(DatabaseUrl());
    for (const auto& [name, value] : UserSessionOptions("").settings) {
      pqxx::nontransaction(*ours_).exec("SET " + name + " = " + ours_->quote(value));
    }
  }

  std::string PlanOf(const db::Statement& statement) {
    pqxx::nontransaction work(*ours_);
    work.exec(std::string("PREPARE plan AS ") + statement.sql);
    const int parameters =
        work.exec(
                "SELECT cardinality(parameter_types) FROM pg_prepared_statements "
                "WHERE name = 'plan'")[0][0]
            .as<int>();
    std::string nulls = parameters == 0 ? "" : "(NULL";
    for (int i = 1; i < parameters; ++i) nulls += ", NULL";
    if (parameters > 0) nulls += ")";
    std::string plan;
    for (const auto& row : work.exec("EXPLAIN EXECUTE plan " + nulls)) {
      plan += std::string(row[0].c_str()) + "\n";
    }
    work.exec("DEALLOCATE plan");
    return plan;
  }

  void Fill() {
    Sql("INSERT INTO users (id, email, hashed_password, full_name, is_active, is_superuser, "
        "created_at) SELECT gen_random_uuid(), 'user' || i || '@example.com', 'x', 'Name ' || i, "
        "i % 100 <> 0, i % 1000 = 0, now() - i * interval '1 minute' "
        "FROM generate_series(1, 20000) AS i");
    Sql("INSERT INTO agent_jobs (id, user_id, workflow_id) "
        "SELECT gen_random_uuid(), id, 'w' FROM users, generate_series(1, 2)");
  }

  std::unique_ptr<pqxx::connection> ours_;
};

struct Expectation {
  const db::Statement& statement;
  std::vector<std::string> indexes;
};

// The statements, each with the index that it is written for.
const Expectation kExpectations[] = {
    {sql::kGetUsersByIds, {"users_pkey"}},
    {sql::kFindUserByEmail, {"vibestack_users_email"}},
    {sql::kUpdateUser, {"users_pkey", "vibestack_users_email"}},
    {sql::kInsertUser, {"vibestack_users_email"}},
    {sql::kDeactivateUser, {"users_pkey"}},
    {sql::kActivateUser, {"users_pkey"}},
    {sql::kDeleteUser, {"users_pkey"}},
    {sql::kReplacePassword, {"users_"}},
    {sql::kLockSuperusers, {"users_pkey", "vibestack_users_"}},
    {sql::kListUsersNewest, {"vibestack_users_created"}},
    {sql::kListUsersOldest, {"vibestack_users_created"}},
    {sql::kListUsersByActiveNewest, {"vibestack_users_active"}},
    {sql::kListUsersByActiveOldest, {"vibestack_users_active"}},
    {sql::kListUsersBySuperuserNewest, {"vibestack_users_superuser"}},
    {sql::kListUsersBySuperuserOldest, {"vibestack_users_superuser"}},
    {sql::kListUsersByFlagsNewest, {"vibestack_users_flags"}},
    {sql::kListUsersByFlagsOldest, {"vibestack_users_flags"}},
    {sql::kSearchUsersByEmail, {"vibestack_users_email", "users_pkey"}},
    {sql::kSearchUsersByFullName, {"vibestack_users_full_name", "users_pkey"}},
    {sql::kExportJobsOfUser, {"vibestack_jobs_user"}},
    {sql::kDeleteJobsOfUser, {"vibestack_jobs_user", "agent_jobs_pkey"}},
    {sql::kLockJobsOfUser, {"vibestack_jobs_user"}},
};

TEST_F(PlansTest, EveryStatementUsesItsIndexWhateverIsKnownOfTheTable) {
  for (const char* state : {"empty", "filled and not analysed", "analysed"}) {
    if (state == std::string("filled and not analysed")) Fill();
    if (state == std::string("analysed")) Sql("VACUUM ANALYZE users, agent_jobs");
    Connect();
    for (const auto& [statement, indexes] : kExpectations) {
      // If the table was never analysed, these statements may use another index that has the same
      // rows.
      if (state != std::string("analysed") && indexes.back().starts_with("agent_jobs")) continue;
      const std::string plan = PlanOf(statement);
      EXPECT_THAT(plan, Not(HasSubstr("Seq Scan"))) << statement.name << ", " << state;
      for (const std::string& index : indexes) {
        EXPECT_THAT(plan, HasSubstr("using " + index)) << statement.name << ", " << state;
      }
    }
  }
}

TEST_F(PlansTest, EveryStatementHasAnExpectation) {
  const std::set<std::string> without = {"find_referring_table", "serialize_demotions"};
  for (const db::Statement& statement : sql::kStatements) {
    if (without.contains(statement.name)) continue;
    const bool expected = std::any_of(
        std::begin(kExpectations), std::end(kExpectations),
        [&](const Expectation& e) { return e.statement.name == std::string(statement.name); });
    EXPECT_TRUE(expected) << statement.name;
  }
}

TEST_F(PlansTest, AListInTheOrderOfItsIndexNeverSorts) {
  Fill();
  Sql("VACUUM ANALYZE users");
  for (const db::Statement& statement : sql::kStatements) {
    if (!std::string(statement.name).starts_with("list_users")) continue;
    EXPECT_THAT(PlanOf(statement), Not(HasSubstr("Sort"))) << statement.name;
  }
}

}  // namespace
}  // namespace vibestack::user_service
