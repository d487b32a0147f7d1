#ifndef VIBESTACK_TESTS_SUPPORT_DATABASE_H_
#define VIBESTACK_TESTS_SUPPORT_DATABASE_H_

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The test's own access to the database, without the services: to read what is stored, to write as
// a foreign program does, and to stop and start the server.
namespace vibestack::e2e {

// A session of a foreign program. An error ends the test program. Not thread-safe.
class Database {
 public:
  using Row = std::vector<std::optional<std::string>>;

  // Connects to DATABASE_URL, or to another database.
  Database();
  explicit Database(const std::string& url);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // Runs one statement, which may be BEGIN or COMMIT, and returns its rows as text.
  std::vector<Row> Run(const std::string& sql);
  // Runs a statement and returns the only field of its only row.
  std::string One(const std::string& sql);
  // Runs a statement and returns the values of its first column.
  std::set<std::string> Column(const std::string& sql);
  // A text as an SQL literal.
  std::string Quote(const std::string& text) const;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

// A Database that empties both tables first.
class EmptiedDatabase : public Database {
 public:
  EmptiedDatabase() { Run("TRUNCATE users, agent_jobs CASCADE"); }
};

// Runs one or several statements in a new session, as soon as the server accepts one: it may be
// recovering from a crash. Ends the test program after half a minute.
std::vector<Database::Row> RunWhenUp(const std::string& sql);
// As RunWhenUp, without triggers: updated_at may go back, and nothing is notified.
void RunUnnoticed(const std::string& sql);
// As RunWhenUp; returns the only field of the only row.
std::string OneWhenUp(const std::string& sql);

// These control the server of this test program (with_postgres).
void StopPostgres();
void StartPostgres();
// Starts the server with a clock that is shifted by `offset`, such as `+1h` or `-1h`.
void StartPostgresShifted(const std::string& offset);
// Simulates a crash: sends SIGKILL to all processes of the server.
void KillPostgres();

// Until destruction, the postmaster and the server's backends do not answer, but their sockets stay
// open (SIGSTOP).
class HungPostgres {
 public:
  HungPostgres();
  HungPostgres(const HungPostgres&) = delete;
  HungPostgres& operator=(const HungPostgres&) = delete;
  ~HungPostgres();

 private:
  std::vector<int> processes_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_DATABASE_H_
