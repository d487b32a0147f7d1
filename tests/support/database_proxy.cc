#include "tests/support/database_proxy.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/support/processes.h"
#include "tests/support/proxied_session.h"

namespace vibestack::e2e {
namespace {

// The position and the length of the port in postgresql://user:password@127.0.0.1:port/database.
std::pair<size_t, size_t> PortPlace(const std::string& url) {
  const size_t begin = url.rfind(':') + 1;
  return {begin, url.find('/', begin) - begin};
}

int ServerPort() {
  const std::string url = DatabaseUrl();
  const auto [begin, size] = PortPlace(url);
  return std::atoi(url.substr(begin, size).c_str());
}

}  // namespace

DatabaseProxy::DatabaseProxy() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, SOMAXCONN) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::fprintf(stderr, "the proxy of the database cannot listen\n");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

DatabaseProxy::~DatabaseProxy() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  sessions_.clear();
}

std::string DatabaseProxy::url() const {
  std::string url = DatabaseUrl();
  const auto [begin, size] = PortPlace(url);
  return url.replace(begin, size, std::to_string(port_));
}

void DatabaseProxy::Accept() {
  const int server_port = ServerPort();
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) {
      close(client);
      return;
    }
    sessions_.push_back(std::make_unique<ProxiedSession>(*this, client, server_port));
  }
}

void DatabaseProxy::Arm(Fault fault) {
  const std::lock_guard<std::mutex> lock(mutex_);
  fault_ = std::move(fault);
  failed_ = false;
}

bool DatabaseProxy::failed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return failed_;
}

int DatabaseProxy::Silence(const std::string& application) {
  const std::lock_guard<std::mutex> lock(mutex_);
  int count = 0;
  for (const auto& session : sessions_) count += session->Silence(application) ? 1 : 0;
  return count;
}

std::optional<DatabaseProxy::Fault> DatabaseProxy::Take(const std::string& application,
                                                        const std::string& statement) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!fault_.has_value() || fault_->application != application ||
      !fault_->statements.contains(statement)) {
    return std::nullopt;
  }
  return std::exchange(fault_, std::nullopt);
}

void DatabaseProxy::NoteFailure() {
  const std::lock_guard<std::mutex> lock(mutex_);
  failed_ = true;
}

}  // namespace vibestack::e2e
