#include <algorithm>

#include "tests/integration/user_service/fixture.h"
#include "user_service/store/sql.h"

namespace vibestack::user_service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class ListUsersTest : public UserServiceTest {
 protected:
  std::vector<User> List(UserQuery query) {
    if (query.limit == 0) query.limit = 1000;
    return *SyncWait(users_.List(query, Soon()));
  }
  std::vector<std::string> Emails(const UserQuery& query) {
    std::vector<std::string> emails;
    for (const User& user : List(query)) emails.push_back(user.email);
    return emails;
  }
  void Insert(const std::string& email, const std::string& full_name = "",
              const std::string& created_at = "2024-01-01T00:00:00Z") {
    Sql("INSERT INTO users (id, email, hashed_password, full_name, created_at) VALUES ('" +
        NewUuid() + "', " + Quoted(email) + ", 'x', " + Quoted(full_name) + ", '" + created_at +
        "')");
  }
};

TEST_F(ListUsersTest, PagesCoverRowsOfOneInstantOnceInBothDirections) {
  for (int i = 0; i < 25; ++i) Insert("user" + std::to_string(i) + "@x");
  Insert("newest@x", "", "2025-01-01T00:00:00Z");
  Insert("oldest@x", "", "2023-01-01T00:00:00Z");
  std::vector<std::vector<std::string>> orders;
  for (const bool oldest_first : {false, true}) {
    UserQuery query;
    query.oldest_first = oldest_first;
    query.limit = 4;
    std::vector<std::string> seen;
    for (std::vector<User> page = List(query); !page.empty(); page = List(query)) {
      for (const User& user : page) seen.push_back(user.id);
      query.after = UserQuery::Position{page.back().created_at, page.back().id};
    }
    orders.push_back(seen);
  }
  EXPECT_EQ(orders[0].size(), 27);
  std::reverse(orders[1].begin(), orders[1].end());
  EXPECT_EQ(orders[0], orders[1]);
}

TEST_F(ListUsersTest, PrefixesMeanWhatTheySayInAnyCase) {
  for (const char* email : {"a%b@x", "a_b@x", "a\\b@x", "axb@x", "AXc@x"}) Insert(email);
  UserQuery query;
  query.email_prefix = "a%";
  EXPECT_THAT(Emails(query), ElementsAre("a%b@x"));
  query.email_prefix = "A_";
  EXPECT_THAT(Emails(query), ElementsAre("a_b@x"));
  query.email_prefix = "a\\";
  EXPECT_THAT(Emails(query), ElementsAre("a\\b@x"));
  query.email_prefix = "ax";
  EXPECT_THAT(Emails(query), UnorderedElementsAre("axb@x", "AXc@x"));
  query.email_prefix = "b";
  EXPECT_THAT(Emails(query), IsEmpty());
}

TEST_F(ListUsersTest, NamesAreFoundByTheirBeginning) {
  Insert("a@x", "Ann Lee");
  Insert("b@x", "\u00C9mile");
  UserQuery query;
  query.full_name_prefix = "aNN l";
  EXPECT_THAT(Emails(query), ElementsAre("a@x"));
  query.full_name_prefix = "\u00C9MI";  // only ASCII letters have a case here
  EXPECT_THAT(Emails(query), ElementsAre("b@x"));
}

TEST_F(ListUsersTest, FlagsOfAdoptedRowsCountAsTheirDefaults) {
  InsertForeign("null@x", "x");
  Insert("banned@x");
  Insert("super@x");
  Sql("UPDATE users SET is_active = false WHERE email = 'banned@x'");
  Sql("UPDATE users SET is_superuser = true WHERE email = 'super@x'");
  UserQuery query;
  query.is_active = true;
  EXPECT_THAT(Emails(query), UnorderedElementsAre("null@x", "super@x"));
  query.is_superuser = false;
  EXPECT_THAT(Emails(query), ElementsAre("null@x"));
  query.is_active = false;
  EXPECT_THAT(Emails(query), ElementsAre("banned@x"));
}

TEST_F(ListUsersTest, TheRangeOfCreationHasItsStartAndNotItsEnd) {
  Insert("a@x", "", "2024-01-01T00:00:00Z");
  Insert("b@x", "", "2024-01-01T00:00:00.000001Z");
  Insert("c@x", "", "2024-01-01T00:00:00.000002Z");
  UserQuery query;
  const absl::Time start = absl::FromUnixSeconds(1'704'067'200);
  query.created_from = start + absl::Microseconds(1);
  query.created_before = start + absl::Microseconds(2);
  EXPECT_THAT(Emails(query), ElementsAre("b@x"));
}

// What EXPLAIN says of a statement for these arguments.
class PlansTest : public ListUsersTest {
 protected:
  PlansTest() {
    Sql("INSERT INTO users (id, email, hashed_password, full_name, is_active, is_superuser, "
        "created_at) SELECT gen_random_uuid(), 'user' || i || '@example.com', 'x', 'Name ' || i, "
        "i % 100 <> 0, i % 1000 = 0, now() - i * interval '1 minute' "
        "FROM generate_series(1, 20000) AS i");
    Sql("ANALYZE users");
  }
  std::string Explain(const db::Statement& statement, const std::string& arguments,
                      const std::string& mode) {
    Sql("SET plan_cache_mode = " + mode);
    Sql("DEALLOCATE ALL");
    Sql(std::string("PREPARE explained AS ") + statement.sql);
    std::string plan;
    for (const pqxx::row& row : Sql("EXPLAIN EXECUTE explained (" + arguments + ")")) {
      plan += std::string(row[0].c_str()) + "\n";
    }
    return plan;
  }
};

TEST_F(PlansTest, EveryFilterOfAListHasAnIndex) {
  const std::string page = "NULL, NULL, 50";
  const std::pair<std::string, std::string> cases[] = {
      {"NULL, NULL, NULL, NULL, NULL, NULL, " + page, "vibestack_users_created"},
      {"NULL, NULL, NULL, NULL, NULL, NULL, '2030-01-01', "
       "'00000000-0000-4000-8000-000000000000', 50",
       "vibestack_users_created"},
      {"NULL, NULL, NULL, NULL, now() - interval '1 hour', now(), " + page,
       "vibestack_users_created"},
      {"'user1234%', NULL, NULL, NULL, NULL, NULL, " + page, "vibestack_users_email"},
      {"NULL, 'name 1234%', NULL, NULL, NULL, NULL, " + page, "vibestack_users_full_name"},
      {"NULL, NULL, false, NULL, NULL, NULL, " + page, "vibestack_users_active"},
      {"NULL, NULL, NULL, true, NULL, NULL, " + page, "vibestack_users_superuser"}};
  for (const db::Statement& statement : {sql::kListUsersNewest, sql::kListUsersOldest}) {
    for (const auto& [arguments, index] : cases) {
      const std::string plan = Explain(statement, arguments, "force_custom_plan");
      EXPECT_THAT(plan, HasSubstr(index)) << arguments;
      EXPECT_THAT(plan, Not(HasSubstr("Seq Scan"))) << arguments;
    }
  }
}

TEST_F(PlansTest, AListIsPlannedForItsVeryFilters) {
  static constexpr db::Statement kGenericPlans = {
      "generic_plans",
      "SELECT coalesce(sum(generic_plans), 0) FROM pg_prepared_statements "
      "WHERE name LIKE 'list_users%'"};
  db::PoolOptions options = PoolOptionsOf(1);
  options.session.statements.push_back(kGenericPlans);
  // What the server might choose by itself.
  options.session.settings.emplace_back("plan_cache_mode", "force_generic_plan");
  db::Pool pool(options);
  UserStore users(pool, {});
  UserQuery query;
  query.limit = 10;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(SyncWait(users.List(query, Soon())).ok());
  std::function<absl::StatusOr<int>(db::Session&)> count = [](db::Session& session) {
    return session.Exec(kGenericPlans).value()[0][0].as<int>();
  };
  EXPECT_EQ(*SyncWait(pool.Run<int>(Soon(), db::Repeat::kSafe, count)), 0);
}

TEST_F(PlansTest, TheOtherStatementsUseTheirIndexInAPlanForAnyParameters) {
  const std::string id = "'00000000-0000-4000-8000-000000000000'";
  const std::tuple<db::Statement, std::string, std::string> cases[] = {
      {sql::kGetUsersByIds, "ARRAY[" + id + "]::uuid[]", "users_pkey"},
      {sql::kFindUserByEmail, "'a@x'", "vibestack_users_email"},
      {sql::kUpdateUser, id + ", 'a@x', NULL, NULL, NULL, NULL, NULL, NULL, NULL", "users_pkey"},
      {sql::kInsertUser, id + ", 'a@x', 'x', NULL, NULL, true, false", "vibestack_users_email"},
      {sql::kDeactivateUser, id, "users_pkey"},
      {sql::kActivateUser, id, "users_pkey"},
      {sql::kLockSuperusers, id, "vibestack_users_superuser"}};
  for (const auto& [statement, arguments, index] : cases) {
    const std::string plan = Explain(statement, arguments, "force_generic_plan");
    EXPECT_THAT(plan, HasSubstr(index)) << statement.name;
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on users"))) << statement.name << "\n" << plan;
  }
}

}  // namespace
}  // namespace vibestack::user_service
