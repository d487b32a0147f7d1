#include "tests/support/proxied_session.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <utility>

namespace vibestack::e2e {
namespace {

// Codes of the first message, which has no type.
constexpr uint32_t kSslRequest = 80877103;
constexpr uint32_t kGssRequest = 80877104;
constexpr uint32_t kCancelRequest = 80877102;

uint32_t ReadNumber(const std::string& bytes, size_t at) {
  uint32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof(number));
  return ntohl(number);
}

// The text up to the next NUL.
std::string ReadText(const std::string& bytes, size_t at) { return bytes.c_str() + at; }

// Cuts the next whole message off; none when it has not come yet. With `typed` a byte says its
// kind.
std::optional<std::string> NextMessage(std::string& bytes, bool typed) {
  const size_t head = typed ? 1 : 0;
  if (bytes.size() < head + 4) return std::nullopt;
  const size_t size = head + ReadNumber(bytes, head);
  if (bytes.size() < size) return std::nullopt;
  std::string message = bytes.substr(0, size);
  bytes.erase(0, size);
  return message;
}

// The statement that a client's message runs; empty for others.
std::string StatementOf(const std::string& message) {
  if (message[0] == 'Q') return ReadText(message, 5);
  if (message[0] != 'B') return "";
  return ReadText(message, 5 + ReadText(message, 5).size() + 1);  // behind the portal's name
}

bool ReadSome(int socket, std::string& bytes) {
  char buffer[65536];
  const ssize_t count = recv(socket, buffer, sizeof(buffer), 0);
  if (count <= 0) return false;
  bytes.append(buffer, static_cast<size_t>(count));
  return true;
}

// Messages are sent one by one: none is to wait until the one before was acknowledged.
void SendAtOnce(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int ConnectTo(int port) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  // If it cannot connect, the first write fails and closes the client's side.
  static_cast<void>(connect(server, reinterpret_cast<sockaddr*>(&address), sizeof(address)));
  return server;
}

}  // namespace

ProxiedSession::ProxiedSession(DatabaseProxy& proxy, int client, int server_port)
    : proxy_(proxy),
      client_(client),
      server_(ConnectTo(server_port)),
      wake_(eventfd(0, EFD_CLOEXEC)) {
  SendAtOnce(client_);
  SendAtOnce(server_);
  thread_ = std::thread([this] { Run(); });
}

ProxiedSession::~ProxiedSession() {
  stopping_ = true;
  eventfd_write(wake_, 1);
  thread_.join();
  close(wake_);
}

bool ProxiedSession::Silence(const std::string& application) {
  if (!open_ || !started_ || application_ != application || silent_.exchange(true)) return false;
  eventfd_write(wake_, 1);
  return true;
}

void ProxiedSession::Run() {
  bool good = true;
  while (good && !stopping_) {
    const short events = silent_ ? 0 : POLLIN;
    pollfd watched[] = {{wake_, POLLIN, 0},
                        {silent_ ? -1 : client_, events, 0},
                        {silent_ ? -1 : server_, events, 0}};
    poll(watched, 3, -1);
    if (watched[0].revents != 0) {
      eventfd_t ignored = 0;
      eventfd_read(wake_, &ignored);
      continue;
    }
    if (watched[1].revents != 0) good = ReadClient();
    if (good && watched[2].revents != 0) good = ReadServer();
  }
  open_ = false;
  close(client_);
  close(server_);
}

bool ProxiedSession::HandOn(int to, const std::string& message) {
  size_t sent = 0;
  while (sent < message.size()) {
    const ssize_t count = send(to, message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<size_t>(count);
  }
  return true;
}

void ProxiedSession::TakeStartup(const std::string& message) {
  // Pairs of name and value behind the version.
  for (size_t at = 8; at < message.size();) {
    const std::string name = ReadText(message, at);
    at += name.size() + 1;
    const std::string value = ReadText(message, at);
    at += value.size() + 1;
    if (name == "application_name") application_ = value;
  }
  started_ = true;
}

bool ProxiedSession::FailsAt(const std::string& message) {
  const std::string statement = StatementOf(message);
  if (statement.empty()) return false;
  std::optional<DatabaseProxy::Fault> fault = proxy_.Take(application_, statement);
  if (!fault.has_value()) return false;
  fault->approach();
  if (fault->moment == DatabaseProxy::Moment::kAfter) {
    committing_ = std::move(fault);
    return false;
  }
  fault->fail(backend_);
  proxy_.NoteFailure();
  return true;
}

bool ProxiedSession::ReadClient() {
  if (!ReadSome(client_, from_client_)) return false;
  while (const auto message = NextMessage(from_client_, started_)) {
    if (!started_) {
      const uint32_t code = ReadNumber(*message, 4);
      if (code == kSslRequest || code == kGssRequest) {
        if (!HandOn(client_, "N")) return false;
        continue;
      }
      if (code != kCancelRequest) TakeStartup(*message);
    } else if (FailsAt(*message)) {
      return false;
    }
    if (!HandOn(server_, *message)) return false;
  }
  return true;
}

bool ProxiedSession::ReadServer() {
  if (!ReadSome(server_, from_server_)) return false;
  while (const auto message = NextMessage(from_server_, true)) {
    const char kind = (*message)[0];
    if (kind == 'K') backend_ = static_cast<pid_t>(ReadNumber(*message, 5));
    if (committing_.has_value()) {
      if (kind != 'Z')
        continue;  // The commit is done when the server is ready for the next statement.
      committing_->fail(backend_);
      proxy_.NoteFailure();
      return false;
    }
    if (kind == 'A' && proxy_.swallow_) {
      ++proxy_.swallowed_;
      continue;
    }
    if (!HandOn(client_, *message)) return false;
  }
  return true;
}

}  // namespace vibestack::e2e
