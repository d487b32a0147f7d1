#include "common/db/session.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/integration/db/database.h"

namespace vibestack::db {
namespace {

std::unique_ptr<Session> OpenSession(const SessionOptions& options = TestSession()) {
  auto session = Session::Open(options);
  EXPECT_TRUE(session.ok()) << session.status();
  return session.ok() ? *std::move(session) : nullptr;
}

TEST(SessionTest, RunsPreparedStatements) {
  const auto session = OpenSession();
  const auto sum = session->Exec(kAdd, Params().Add(int64_t{2}).Add(int64_t{3}));
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ((*sum)[0][0].as<int>(), 5);
}

TEST(SessionTest, EveryElementOfAnArrayArrivesAsItIs) {
  const auto session = OpenSession();
  std::vector<std::optional<std::string>> elements = {
      "", "NULL", "{a,b}", "\"", "\\", "\\\"", " spaces ", "\n\t", "üñ日", std::nullopt};
  std::string all_bytes;
  for (int byte = 1; byte < 128; ++byte) all_bytes += static_cast<char>(byte);
  elements.push_back(all_bytes);
  const auto rows = session->Exec(kUnnest, Params().Add(EncodeArray(elements)));
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), elements.size());
  for (size_t i = 0; i < elements.size(); ++i) {
    const auto field = (*rows)[static_cast<int>(i)][0];
    EXPECT_EQ(field.is_null(), !elements[i].has_value());
    EXPECT_EQ(field.as<std::string>(""), elements[i].value_or(""));
  }
}

TEST(SessionTest, ANulInAParameterIsRefusedInsteadOfCutOff) {
  const auto session = OpenSession();
  const auto result = session->Exec(kText, Params().Add(std::string("a\0b", 3)));
  EXPECT_TRUE(absl::IsInvalidArgument(result.status()));
  EXPECT_TRUE(session->Exec(kText, Params().Add("fine")).ok());
}

TEST(SessionTest, AnErrorOfAStatementLeavesTheSessionUsable) {
  const auto session = OpenSession();
  const auto result = session->Exec(kAdd, Params().Add("x").Add("y"));
  EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << result.status();
  EXPECT_FALSE(session->broken());
  EXPECT_TRUE(session->Exec(kAdd, Params().Add("1").Add("2")).ok());
}

TEST(SessionTest, AStatementEndsAtItsDeadline) {
  const auto session = OpenSession();
  const absl::Time began = absl::Now();
  ASSERT_TRUE(session->SetDeadline(began + absl::Milliseconds(100)).ok());
  const auto result = session->Exec(kSleep, Params().Add("30"));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - began, absl::Seconds(10));
  EXPECT_FALSE(session->broken());
  EXPECT_TRUE(absl::IsDeadlineExceeded(session->SetDeadline(absl::Now())));
}

TEST(SessionTest, TheTimeoutIsAtMostHalfMoreThanWhatIsLeftAndIsTakenBack) {
  const auto session = OpenSession();
  for (const int millis : {1, 7, 100, 999, 5'000, 29'999}) {
    ASSERT_TRUE(session->SetDeadline(absl::Now() + absl::Milliseconds(millis + 1)).ok());
    const auto rows = session->Exec(kTimeout);
    ASSERT_TRUE(rows.ok());
    const auto set = Foreign("SELECT extract(epoch FROM '" + (*rows)[0][0].as<std::string>() +
                             "'::interval) * 1000");
    EXPECT_GE(set[0][0].as<double>(), millis / 2);
    EXPECT_LE(set[0][0].as<double>(), (millis + 1) * 1.5 + 1);
  }
  ASSERT_TRUE(session->SetDeadline(absl::InfiniteFuture()).ok());
  EXPECT_EQ((*session->Exec(kTimeout))[0][0].as<std::string>(), "0");
}

TEST(SessionTest, ATransactionIsAllOrNothing) {
  Foreign("DROP TABLE IF EXISTS session_test; CREATE TABLE session_test (n int)");
  constexpr Statement kInsert{"insert", "INSERT INTO session_test VALUES ($1::int)"};
  SessionOptions options = TestSession();
  options.statements.push_back(kInsert);
  const auto session = OpenSession(options);
  const auto insert_two = [&](absl::Status outcome) {
    return session->Transact([&] {
      for (const char* n : {"1", "2"}) {
        const auto inserted = session->Exec(kInsert, Params().Add(n));
        if (!inserted.ok()) return inserted.status();
      }
      return outcome;
    });
  };
  EXPECT_TRUE(absl::IsAborted(insert_two(AbortedError("NO", "no"))));
  EXPECT_EQ(Foreign("SELECT count(*) FROM session_test")[0][0].as<int>(), 0);
  EXPECT_TRUE(insert_two(absl::OkStatus()).ok());
  EXPECT_EQ(Foreign("SELECT count(*) FROM session_test")[0][0].as<int>(), 2);
  Foreign("DROP TABLE session_test");
}

TEST(SessionTest, ALostConnectionIsUnavailableAndStaysSo) {
  const auto session = OpenSession();
  const auto pid = session->Exec(kPid);
  ASSERT_TRUE(pid.ok());
  Foreign("SELECT pg_terminate_backend(" + (*pid)[0][0].as<std::string>() + ")");
  EXPECT_TRUE(absl::IsUnavailable(session->Exec(kPid).status()));
  EXPECT_TRUE(session->broken());
  EXPECT_TRUE(absl::IsUnavailable(session->Exec(kPid).status()));
  EXPECT_TRUE(absl::IsUnavailable(session->Transact([] { return absl::OkStatus(); })));
}

TEST(SessionTest, IsServedByTheSchemasThatSaySo) {
  SessionOptions options = TestSession();
  const int newest = Foreign("SELECT vibestack_schema_version()")[0][0].as<int>();
  for (const int known : {2, newest}) {
    options.schema_version = known;
    EXPECT_TRUE(Session::Open(options).ok()) << known;
  }
  for (const int unknown : {-1, 1, newest + 1, 9999}) {
    options.schema_version = unknown;
    EXPECT_EQ(ErrorReason(Session::Open(options).status()), "SCHEMA_UNKNOWN") << unknown;
  }
}

TEST(SessionTest, WithoutADatabaseTheErrorIsUnavailableAndRevealsNothing) {
  SessionOptions options = TestSession();
  options.database_url = "postgresql://somebody:hunter2@127.0.0.1:1/nothing";
  const absl::Status status = Session::Open(options).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  for (const char* secret : {"hunter2", "somebody", "127.0.0.1"}) {
    EXPECT_EQ(std::string(status.message()).find(secret), std::string::npos);
  }
}

// A role or a database may have any settings. Undone at the end, whatever happens.
class DatabaseSettings {
 public:
  explicit DatabaseSettings(const std::vector<std::pair<std::string, std::string>>& settings) {
    for (const auto& [name, value] : settings) {
      Foreign("ALTER DATABASE vibestack SET " + name + " = '" + value + "'");
    }
  }
  DatabaseSettings(const DatabaseSettings&) = delete;
  DatabaseSettings& operator=(const DatabaseSettings&) = delete;
  ~DatabaseSettings() { Foreign("ALTER DATABASE vibestack RESET ALL"); }
};

TEST(SessionTest, SetsWhatItReliesOnWhateverTheDatabaseHasSet) {
  const std::vector<std::pair<std::string, std::string>> hostile = {
      {"default_transaction_isolation", "serializable"},
      {"default_transaction_deferrable", "on"},
      {"statement_timeout", "500ms"},
      {"lock_timeout", "500ms"},
      {"idle_session_timeout", "1s"},
      {"idle_in_transaction_session_timeout", "500ms"},
      {"datestyle", "German"},
      {"timezone", "Asia/Kathmandu"},
      {"intervalstyle", "iso_8601"},
      {"extra_float_digits", "-15"},
      {"bytea_output", "escape"},
      {"standard_conforming_strings", "off"},
      {"array_nulls", "off"},
      {"transform_null_equals", "on"},
      {"enable_indexscan", "off"},
      {"enable_indexonlyscan", "off"},
      {"enable_nestloop", "off"},
      {"enable_sort", "off"},
      {"enable_hashagg", "off"},
      {"enable_material", "off"},
      {"enable_memoize", "off"},
      {"from_collapse_limit", "1"},
      {"join_collapse_limit", "1"}};
  std::vector<std::string> texts;
  texts.reserve(hostile.size());
  SessionOptions options = TestSession();
  options.statements.clear();
  for (const auto& [name, value] : hostile) {
    texts.push_back("SELECT current_setting('" + name + "')");
    options.statements.push_back({name.c_str(), texts.back().c_str()});
  }
  const auto values = [&options] {
    const auto session = OpenSession(options);
    std::vector<std::string> all;
    for (const Statement& statement : options.statements) {
      all.push_back(statement.name + std::string(" is ") +
                    (*session->Exec(statement))[0][0].c_str());
    }
    return all;
  };
  const std::vector<std::string> before = values();
  const DatabaseSettings set(hostile);
  EXPECT_EQ(values(), before);
}

// A foreign schema with a table of the same name comes first in the path of the role.
TEST(SessionTest, UsesTheSchemaOfTheMigrationWhateverTheSearchPathIs) {
  constexpr Statement kUsers{"users", "SELECT count(*) FROM users WHERE hashed_password IS NULL"};
  SessionOptions options = TestSession();
  options.schema_version = Foreign("SELECT vibestack_schema_version()")[0][0].as<int>();
  options.statements.push_back(kUsers);
  Foreign("CREATE SCHEMA IF NOT EXISTS other; CREATE TABLE IF NOT EXISTS other.users (x int)");
  for (const char* path : {"other", "other, public", "nowhere"}) {
    Foreign(std::string("ALTER DATABASE vibestack SET search_path = ") + path);
    const auto session = Session::Open(options);
    EXPECT_TRUE(session.ok()) << path << session.status();
    EXPECT_TRUE(session.ok() && (*session)->Exec(kUsers).ok());
  }
  Foreign("ALTER DATABASE vibestack RESET search_path");
  Foreign("DROP SCHEMA other CASCADE");
}

class ChangedTableTest : public testing::Test {
 protected:
  static constexpr Statement kRead{"read", "SELECT name FROM changed_test"};
  static constexpr Statement kWrite{"write",
                                    "UPDATE changed_test SET name = name || 'x' RETURNING name"};

  ChangedTableTest() {
    Foreign(
        "DROP TABLE IF EXISTS changed_test; CREATE TABLE changed_test (name varchar(100)); "
        "INSERT INTO changed_test VALUES ('a')");
    SessionOptions options = TestSession();
    options.statements = {kRead, kWrite};
    session_ = OpenSession(options);
    EXPECT_TRUE(session_->Exec(kRead).ok());
    EXPECT_TRUE(session_->Exec(kWrite).ok());
  }
  ~ChangedTableTest() override { Foreign("DROP TABLE IF EXISTS changed_test"); }

  std::unique_ptr<Session> session_;
};

TEST_F(ChangedTableTest, AStatementOutlivesAColumnsNewType) {
  Foreign("ALTER TABLE changed_test ALTER COLUMN name TYPE varchar(200)");
  const auto read = session_->Exec(kRead);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_STREQ((*read)[0][0].c_str(), "ax");
  EXPECT_TRUE(session_->Exec(kWrite).ok());
  Foreign("ALTER TABLE changed_test ALTER COLUMN name TYPE text");
  EXPECT_STREQ((*session_->Exec(kWrite))[0][0].c_str(), "axxx");
  EXPECT_FALSE(session_->broken());
}

TEST_F(ChangedTableTest, ATransactionIsRepeatedOnceAfterAColumnsNewType) {
  Foreign("ALTER TABLE changed_test ALTER COLUMN name TYPE varchar(200)");
  int runs = 0;
  const absl::Status done = session_->Transact([&] {
    ++runs;
    const absl::Status written = session_->Exec(kWrite).status();
    return written.ok() ? session_->Exec(kRead).status() : written;
  });
  EXPECT_TRUE(done.ok()) << done;
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Foreign("SELECT name FROM changed_test")[0][0].as<std::string>(), "axx");
}

// A pool drops the session, opens no other one, and is not ready.
TEST_F(ChangedTableTest, AStatementWithoutItsColumnBreaksTheSession) {
  Foreign("ALTER TABLE changed_test RENAME COLUMN name TO title");
  EXPECT_FALSE(session_->Exec(kRead).ok());
  EXPECT_TRUE(session_->broken());
}

// The column is missing to somebody's trigger, not to the statement.
TEST_F(ChangedTableTest, AnErrorOfATriggerLeavesTheSessionUsable) {
  Foreign(
      "CREATE OR REPLACE FUNCTION changed_test_trigger() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM nothing FROM nowhere; RETURN NEW; END $$; "
      "CREATE TRIGGER t BEFORE UPDATE ON changed_test FOR EACH ROW "
      "EXECUTE FUNCTION changed_test_trigger()");
  EXPECT_TRUE(absl::IsInternal(session_->Exec(kWrite).status()));
  EXPECT_TRUE(
      absl::IsInternal(session_->Transact([&] { return session_->Exec(kWrite).status(); })));
  EXPECT_FALSE(session_->broken());
  EXPECT_TRUE(session_->Exec(kRead).ok());
  Foreign("DROP TABLE changed_test; DROP FUNCTION changed_test_trigger()");
}

}  // namespace
}  // namespace vibestack::db
