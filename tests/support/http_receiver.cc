#include "tests/support/http_receiver.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>

namespace vibestack::e2e {
namespace {

using Received = HttpReceiver::Received;

int ListenOn(int& port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, size) != 0 || listen(listener, 128) != 0 ||
      getsockname(listener, generic, &size) != 0) {
    std::perror("the HTTP receiver cannot listen");
    std::abort();
  }
  port = ntohs(address.sin_port);
  return listener;
}

// Reads the requests of a connection one by one.
class Reader {
 public:
  explicit Reader(int connection) : connection_(connection) {}

  std::optional<Received> Next() {
    size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) return std::nullopt;
    }
    Received request = ParseHead(buffer_.substr(0, end));
    buffer_.erase(0, end + 4);
    const size_t size = std::strtoul(request.headers["content-length"].c_str(), nullptr, 10);
    while (buffer_.size() < size) {
      if (!ReadMore()) return std::nullopt;
    }
    request.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return request;
  }

 private:
  bool ReadMore() {
    char chunk[16 * 1024];
    const ssize_t size = recv(connection_, chunk, sizeof(chunk), 0);
    if (size <= 0) return false;
    buffer_.append(chunk, static_cast<size_t>(size));
    return true;
  }

  static Received ParseHead(const std::string& head) {
    std::istringstream lines(head);
    Received request;
    std::string line;
    std::getline(lines, line);
    std::istringstream(line) >> request.method >> request.path;
    while (std::getline(lines, line)) {
      const size_t colon = line.find(':');
      std::string name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      std::string value = line.substr(colon + 1);
      value.erase(0, value.find_first_not_of(' '));
      while (!value.empty() && value.back() == '\r') value.pop_back();
      request.headers[name] = value;
    }
    return request;
  }

  const int connection_;
  std::string buffer_;
};

std::string Serialize(const HttpReceiver::Reply& reply) {
  if (!reply.raw.empty()) return reply.raw;
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Status\r\n";
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
  return text + "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
}

}  // namespace

HttpReceiver::HttpReceiver(Handler handler, int port)
    : handler_(std::move(handler)), listener_(ListenOn(port)), port_(port) {
  acceptor_ = std::thread([this] { Accept(); });
}

HttpReceiver::~HttpReceiver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int connection : connections_) shutdown(connection, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (std::thread& server : servers_) server.join();
  for (const int connection : connections_) close(connection);
}

void HttpReceiver::Accept() {
  while (true) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (connection < 0 || stopping_) {
      if (connection >= 0) close(connection);
      return;
    }
    connections_.push_back(connection);
    servers_.emplace_back([this, connection] { Serve(connection); });
  }
}

void HttpReceiver::Serve(int connection) {
  Reader reader(connection);
  while (const std::optional<Received> request = reader.Next()) {
    if (!Answer(connection, *request)) break;
  }
  shutdown(connection, SHUT_RDWR);
}

bool HttpReceiver::Answer(int connection, const Received& request) {
  {
    const std::lock_guard lock(mutex_);
    received_.push_back(request);
  }
  const Reply reply = handler_(request);
  if (reply.hang_up) return false;
  const std::string text = Serialize(reply);
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t size = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return false;
    sent += static_cast<size_t>(size);
  }
  reply.linger();
  return reply.raw.empty();
}

std::vector<Received> HttpReceiver::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

}  // namespace vibestack::e2e
