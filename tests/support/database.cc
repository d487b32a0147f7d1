#include "tests/support/database.h"

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <pqxx/pqxx>

#include "tests/support/processes.h"

namespace vibestack::e2e {
namespace {

void MustRun(const std::string& program, const std::string& argument) {
  const Finished done = RunToEnd(program, {argument});
  if (done.exit_code == 0) return;
  std::fprintf(stderr, "PostgreSQL does not %s: %s\n", argument.c_str(),
               done.standard_error.c_str());
  std::abort();
}

void ControlPostgres(const std::string& command) {
  MustRun(RequiredEnvironment("VIBESTACK_TEST_PG_CTL"), command);
}

}  // namespace

struct Database::Connection {
  explicit Connection(const std::string& url) : session(url) {}
  pqxx::connection session;
};

Database::Database() : Database(DatabaseUrl()) {}
Database::Database(const std::string& url) : connection_(std::make_unique<Connection>(url)) {}
Database::~Database() = default;

std::vector<Database::Row> Database::Run(const std::string& sql) {
  const pqxx::result result = pqxx::nontransaction(connection_->session).exec(sql);
  std::vector<Row> rows;
  for (const auto& row : result) {
    Row& values = rows.emplace_back();
    for (const auto& field : row) {
      if (field.is_null()) {
        values.emplace_back();
      } else {
        values.emplace_back(std::string(field.c_str(), field.size()));
      }
    }
  }
  return rows;
}

std::string Database::One(const std::string& sql) { return Run(sql).at(0).at(0).value(); }

std::set<std::string> Database::Column(const std::string& sql) {
  std::set<std::string> values;
  for (const Row& row : Run(sql)) values.insert(row.at(0).value());
  return values;
}

std::string Database::Quote(const std::string& text) const {
  return connection_->session.quote(text);
}

std::vector<Database::Row> RunWhenUp(const std::string& sql) {
  std::vector<Database::Row> rows;
  const bool ran = Eventually(absl::Seconds(30), [&] {
    try {
      rows = Database().Run(sql);
      return true;
    } catch (const pqxx::broken_connection&) {
      return false;
    } catch (const pqxx::sql_error& error) {
      // Class 57P: the server is shutting down or recovering.
      if (error.sqlstate().rfind("57P", 0) != 0) throw;
      return false;
    }
  });
  if (ran) return rows;
  std::fprintf(stderr, "PostgreSQL does not come back\n");
  std::abort();
}

void RunUnnoticed(const std::string& sql) {
  RunWhenUp("SET session_replication_role = replica; " + sql);
}

std::string OneWhenUp(const std::string& sql) { return RunWhenUp(sql).at(0).at(0).value(); }

void StopPostgres() { ControlPostgres("stop"); }
void StartPostgres() { ControlPostgres("start"); }
void StartPostgresShifted(const std::string& offset) {
  MustRun(RequiredEnvironment("VIBESTACK_E2E_ROOT") + "/tests/support/shift_postgres", offset);
}
void KillPostgres() { ControlPostgres("kill"); }

HungPostgres::HungPostgres() {
  for (const std::string& pid : Database().Column(
           "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> "
           "pg_backend_pid() AND datname = current_database()")) {
    processes_.push_back(std::stoi(pid));
  }
  // The fourth field is the parent of the backend. The second field, the name, contains no blank.
  std::ifstream stat("/proc/" + std::to_string(processes_.front()) + "/stat");
  std::string skipped;
  int postmaster = 0;
  stat >> skipped >> skipped >> skipped >> postmaster;
  processes_.push_back(postmaster);
  for (const int process : processes_) kill(process, SIGSTOP);
}

HungPostgres::~HungPostgres() {
  for (const int process : processes_) kill(process, SIGCONT);
}

}  // namespace vibestack::e2e
