#ifndef VIBESTACK_TESTS_SUPPORT_DATABASE_H_
#define VIBESTACK_TESTS_SUPPORT_DATABASE_H_

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The test's own way into the database, past the services: to look at what is stored, to write as a
// foreign program would, and to stop and start the server.
namespace vibestack::e2e {

// A foreign session. Failures end the test program. Not thread-safe.
class Database {
 public:
  using Row = std::vector<std::optional<std::string>>;

  // Connects to DATABASE_URL, or to another database.
  Database();
  explicit Database(const std::string& url);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // Runs one statement (BEGIN and COMMIT are statements, too) and returns its rows as text.
  std::vector<Row> Run(const std::string& sql);
  // The only field of the only row.
  std::string One(const std::string& sql);
  // All values of the first column.
  std::set<std::string> Column(const std::string& sql);
  // A text as an SQL literal.
  std::string Quote(const std::string& text) const;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

// The same, with both tables emptied first.
class EmptiedDatabase : public Database {
 public:
  EmptiedDatabase() { Run("TRUNCATE users, agent_jobs CASCADE"); }
};

// Runs it (one statement or several) in a session of its own, once the server takes it: it may be
// recovering from a crash. Ends the test program after half a minute.
std::vector<Database::Row> RunWhenUp(const std::string& sql);
// The same without triggers: updated_at may go back, and nothing is notified.
void RunUnnoticed(const std::string& sql);
// The only field of the only row of RunWhenUp.
std::string OneWhenUp(const std::string& sql);

// The server of this test program (see with_postgres).
void StopPostgres();
void StartPostgres();
// Starts the server with a shifted clock: `+1h`, `-1h`.
void StartPostgresShifted(const std::string& offset);
// Kills the server, as a crash does: SIGKILL to all of its processes.
void KillPostgres();

// While this lives the server's postmaster and those of its processes that serve somebody answer
// nobody, though their sockets stay open (SIGSTOP).
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
