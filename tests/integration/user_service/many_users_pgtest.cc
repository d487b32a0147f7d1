// The cost of a list does not grow with the number of users. Measured by the rows that it reads,
// with a million users.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <pqxx/pqxx>
#include "absl/time/clock.h"
#include "tests/support/environment.h"
#include "user_service/store/list_users.h"
#include "user_service/store/user_store.h"

namespace vibestack::user_service {
namespace {

constexpr int kUsers = 1'000'000;
constexpr int kInactive = 500;  // the oldest
constexpr int kPage = 51;

// Users are created in the order of their numbers, so flags and prefixes correlate with the time.
// The planner assumes that columns are independent, so its estimates are wrong here.
constexpr char kFill[] = R"(
  INSERT INTO users (id, email, hashed_password, full_name, is_active, is_superuser, created_at, updated_at)
  SELECT gen_random_uuid(), 'user' || i || '@example.com', '$2b$04$' || repeat('a', 53),
    CASE WHEN i % 2 = 0 THEN 'Ann ' ELSE 'Bob ' END || i, i > 500, i % 100000 = 0,
    timestamptz '2020-01-01 00:00:00+00' + i * interval '1 second', now()
  FROM generate_series(1, 1000000) AS i)";

constexpr db::Statement kTouched = {
    "touched",
    "SELECT coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_stat_xact_user_tables "
    "WHERE relname = 'users'"};

absl::Time MadeAt(int number) {
  return absl::FromUnixSeconds(1'577'836'800) + absl::Seconds(number);
}

class ManyUsersTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    pqxx::connection connection(DatabaseUrl());
    pqxx::nontransaction sql(connection);
    // Building an index once is faster than filling it row by row.
    sql.exec("SET session_replication_role = replica");
    sql.exec("SET maintenance_work_mem = '256MB'");
    const auto indexes = sql.exec(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'users' "
        "AND indexname LIKE 'vibestack%'");
    for (const auto& index : indexes) sql.exec(std::string("DROP INDEX ") + index[0].c_str());
    sql.exec(kFill);
    for (const auto& index : indexes) sql.exec(index[1].c_str());
    sql.exec("VACUUM ANALYZE users");
    db::SessionOptions options = UserSessionOptions(DatabaseUrl());
    options.statements.push_back(kTouched);
    session_ = *db::Session::Open(options);
  }
  static void TearDownTestSuite() { session_.reset(); }

  static int64_t Touched() { return session_->Exec(kTouched).value()[0][0].as<int64_t>(); }

  struct Listed {
    UserPage page;
    int64_t touched = 0;  // the number of table rows that the statement read
  };
  static Listed List(const UserQuery& query) {
    Listed listed;
    const absl::Status status = session_->Transact([&] {
      const int64_t before = Touched();
      absl::StatusOr<UserPage> page = ListUsers(*session_, query);
      if (!page.ok()) return page.status();
      listed = {*std::move(page), Touched() - before};
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return listed;
  }

  // The numbers in the emails of all pages. Sets `pages` to the number of pages.
  static std::vector<int> ListAll(UserQuery query, int& pages) {
    std::vector<int> numbers;
    const auto limit = static_cast<size_t>(query.limit);
    for (pages = 1;; ++pages) {
      const UserPage page = List(query).page;
      for (const User& user : page.users) numbers.push_back(std::stoi(user.email.substr(4)));
      if (page.users.size() == limit) {
        query.after = UserQuery::Position{page.users.back().created_at, page.users.back().id};
      } else if (page.goes_on_after.has_value()) {
        query.after = page.goes_on_after;
      } else {
        return numbers;
      }
    }
  }

  static std::unique_ptr<db::Session> session_;
};

std::unique_ptr<db::Session> ManyUsersTest::session_;

std::vector<UserQuery> EveryCombination() {
  std::vector<UserQuery> queries;
  for (const char* email : {"", "user", "user1", "user99999", "zed"}) {
    for (const char* name : {"", "ann", "bob 99999", "zed"}) {
      for (const std::optional<bool> active : {std::optional<bool>(), {true}, {false}}) {
        for (const std::optional<bool> superuser : {std::optional<bool>(), {true}, {false}}) {
          for (const auto& [from, before] :
               {std::pair(std::optional<absl::Time>(), std::optional<absl::Time>()),
                {MadeAt(-9), MadeAt(0)},
                {MadeAt(kUsers / 2), MadeAt(kUsers)}}) {
            for (const bool oldest_first : {false, true}) {
              queries.push_back({.email_prefix = email,
                                 .full_name_prefix = name,
                                 .is_active = active,
                                 .is_superuser = superuser,
                                 .created_from = from,
                                 .created_before = before,
                                 .oldest_first = oldest_first,
                                 .after = std::nullopt,
                                 .limit = kPage});
            }
          }
        }
      }
    }
  }
  return queries;
}

std::string Describe(const UserQuery& query) {
  const auto flag = [](std::optional<bool> value) {
    return value.has_value() ? (*value ? "true" : "false") : "any";
  };
  return "email " + query.email_prefix + "*, name " + query.full_name_prefix + "*, active " +
         flag(query.is_active) + ", superuser " + flag(query.is_superuser) +
         (query.created_from ? ", from " + absl::FormatTime(*query.created_from) : "") +
         (query.oldest_first ? ", oldest first" : "");
}

TEST_F(ManyUsersTest, NoCombinationOfFiltersTouchesMoreThanItsBound) {
  int64_t most = 0;
  absl::Duration slowest;
  for (const UserQuery& query : EveryCombination()) {
    const int prefixes =
        (query.email_prefix.empty() ? 0 : 1) + (query.full_name_prefix.empty() ? 0 : 1);
    const absl::Time began = absl::Now();
    const Listed listed = List(query);
    slowest = std::max(slowest, absl::Now() - began);
    // The statement may read one more row, to see that there is a next page.
    const int64_t bound =
        kPage + 1 + prefixes * (kMostFound + 1) + (prefixes > 0 ? kMostLookedAt : 0);
    EXPECT_LE(listed.touched, bound) << Describe(query);
    most = std::max(most, listed.touched);
    if (prefixes == 0) {
      EXPECT_FALSE(listed.page.goes_on_after && listed.page.users.size() < kPage)
          << Describe(query);
    }
  }
  std::printf("of %d users a list touched at most %d rows and took at most %s\n", kUsers,
              static_cast<int>(most), absl::FormatDuration(slowest).c_str());
}

TEST_F(ManyUsersTest, FlagsAndTimesTouchThePageOnly) {
  UserQuery query;
  query.limit = kPage;
  query.is_active = false;
  query.is_superuser = false;
  Listed listed = List(query);
  EXPECT_EQ(listed.page.users.size(), kPage);
  EXPECT_EQ(listed.page.users.front().email, "user500@example.com");
  query.is_superuser =
      true;  // no user has both flags, but hundreds are inactive and ten superusers
  listed = List(query);
  EXPECT_EQ(listed.page.users.size(), 0);
  EXPECT_LE(listed.touched, 1);
}

TEST_F(ManyUsersTest, APrefixOfFewIsFoundWhereverTheyAre) {
  UserQuery query;
  query.limit = kPage;
  query.email_prefix = "USER7@";
  const Listed listed = List(query);
  ASSERT_EQ(listed.page.users.size(), 1);
  EXPECT_EQ(listed.page.users[0].created_at, MadeAt(7));
  EXPECT_LE(listed.touched, 3);
}

TEST_F(ManyUsersTest, PagesOfAPrefixOfVeryManyAreTogetherAllOfThemInOrder) {
  UserQuery query;
  query.limit = 1'000;
  query.email_prefix = "user1";
  std::vector<int> expected;
  for (int i = 1; i <= kUsers; ++i) {
    if (std::to_string(i)[0] == '1') expected.push_back(i);
  }
  int pages = 0;
  query.oldest_first = true;
  EXPECT_EQ(ListAll(query, pages), expected);
  query.oldest_first = false;
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(ListAll(query, pages), expected);
  EXPECT_LE(pages, static_cast<int>(expected.size()) / 1'000 + kUsers / kMostLookedAt + 2);
}

TEST_F(ManyUsersTest, FiltersTogetherFindWhatEachOfThemLetsThrough) {
  UserQuery query;
  query.limit = kPage;
  query.email_prefix = "user1";
  query.full_name_prefix = "bob";
  query.is_active = false;
  query.created_before = MadeAt(200);
  std::vector<int> expected;
  for (int i = 199; i > 0; --i) {
    if (i <= kInactive && i % 2 == 1 && std::to_string(i)[0] == '1') expected.push_back(i);
  }
  int pages = 0;
  EXPECT_EQ(ListAll(query, pages), expected);
  EXPECT_EQ(pages, static_cast<int>(expected.size()) / kPage + 1);
}

}  // namespace
}  // namespace vibestack::user_service
