#include <algorithm>

#include "tests/integration/user_service/fixture.h"

namespace vibestack::user_service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ListUsersTest : public UserServiceTest {
 protected:
  std::vector<User> List(UserQuery query) {
    if (query.limit == 0) query.limit = 1000;
    return SyncWait(users_.List(query, Soon()))->users;
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
  query.full_name_prefix = "\u00C9MI";  // only ASCII letters compare without case
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

// Other programs store any time.
TEST_F(ListUsersTest, PagesHoldRowsOfAnyTime) {
  int number = 0;
  for (const char* time : {"infinity", "-infinity", "294246-12-31 23:59:59.999999+00",
                           "12000-01-01+00", "2026-01-01+00", "0044-03-15 00:00:00+00 BC"}) {
    for (int i = 0; i < 3; ++i) Insert("u" + std::to_string(number++) + "@x", "", time);
  }
  for (const bool oldest_first : {false, true}) {
    UserQuery query;
    query.oldest_first = oldest_first;
    query.limit = 2;
    std::vector<std::string> seen;
    for (std::vector<User> page = List(query); !page.empty(); page = List(query)) {
      for (const User& user : page) seen.push_back(user.email);
      query.after = UserQuery::Position{page.back().created_at, page.back().id};
    }
    query.after.reset();
    query.limit = 1000;
    EXPECT_EQ(seen, Emails(query));
    EXPECT_EQ(seen.size(), 18U);
  }
}

}  // namespace
}  // namespace vibestack::user_service
