#include "common/db/listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <functional>

#include <pqxx/notification>
#include "absl/time/clock.h"
#include "common/base/exception.h"
#include "common/base/random.h"
#include "common/base/time_limit.h"
#include "common/db/connection_string.h"
#include "common/telemetry/log.h"

namespace vibestack::db {
namespace {

// Interval of pings on a connection without traffic: a half-open socket reports no error.
constexpr int kPingMillis = 5'000;
// A connection that does not answer within this time is lost. libpq would wait for ever when
// something drops our packets on the way.
constexpr absl::Duration kAnswerLimit = absl::Seconds(3);
constexpr absl::Duration kBackoffBase = absl::Milliseconds(50);
constexpr absl::Duration kBackoffLimit = absl::Seconds(2);

// Runs `ask`, which sends a request to the server and reads the answer. If that takes too long,
// shuts down the socket, so that the read fails.
void WithTimeout(pqxx::connection& connection, const std::function<void()>& ask) {
  const TimeLimit limit(absl::Now() + kAnswerLimit,
                        [socket = connection.sock()] { shutdown(socket, SHUT_RDWR); });
  ask();
}

void Ping(pqxx::connection& connection) {
  WithTimeout(connection, [&] { pqxx::nontransaction(connection).exec("SELECT 1"); });
}

// LISTENs on construction and passes each notification to on_notification.
class Receiver final : public pqxx::notification_receiver {
 public:
  Receiver(pqxx::connection& connection, const std::string& channel, const ListenerOptions& options)
      : pqxx::notification_receiver(connection, channel), options_(options) {}
  void operator()(const std::string& payload, int /*backend_pid*/) override {
    CatchAll([&] { options_.on_notification(channel(), payload); });
  }

 private:
  const ListenerOptions& options_;
};

}  // namespace

Listener::Listener(ListenerOptions options)
    : options_(std::move(options)), stop_event_(eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::thread([this] { Run(); });
}

void Listener::Stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  eventfd_write(stop_event_, 1);
  thread_.join();
  close(stop_event_);
}

void Listener::Run() {
  int attempt = 0;
  while (!stopping_) {
    const bool listened = ListenOnce();
    listening_ = false;
    if (stopping_) return;
    Log(LogLevel::kWarning, "listener_disconnected", {});
    if (listened) {
      attempt = 0;
      CatchAll(options_.on_lost);
    }
    const absl::Duration pause = BackoffWithJitter(attempt++, kBackoffBase, kBackoffLimit);
    WaitForSocket(/*socket=*/-1, static_cast<int>(absl::ToInt64Milliseconds(pause)));
  }
}

bool Listener::ListenOnce() {
  bool listened = false;
  try {
    pqxx::connection connection(ConnectionString(options_.database_url, options_.application_name));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
    const OpenSockets::Entry socket(sockets_, connection.sock());
    std::vector<std::unique_ptr<Receiver>> receivers;
    WithTimeout(connection, [&] {
      // A role or the database may have set timeouts for other programs.
      pqxx::nontransaction(connection)
          .exec(
              "SELECT set_config('idle_session_timeout', '0', false),"
              " set_config('statement_timeout', '0', false)");
      for (const std::string& channel : options_.channels) {
        receivers.push_back(std::make_unique<Receiver>(connection, channel, options_));
      }
    });
    listened = true;
    listening_ = true;
    ++connects_;
    CatchAll(options_.on_listening);
    while (WaitForSocket(connection.sock(), kPingMillis)) {
      // No notification: the wait timed out. The ping also reads notifications.
      if (connection.get_notifs() == 0) Ping(connection);
    }
    receivers.clear();
  } catch (const std::exception&) {
    // The text may name the host and the user; the caller logs that the connection is lost.
  }
  return listened;
}

bool Listener::WaitForSocket(int socket, int timeout_millis) {
  pollfd descriptors[] = {{stop_event_, POLLIN, 0}, {socket, POLLIN, 0}};
  poll(descriptors, 2, timeout_millis);
  return !stopping_;
}

}  // namespace vibestack::db
