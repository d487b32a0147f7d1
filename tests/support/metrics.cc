#include "tests/support/metrics.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace vibestack::e2e {

std::string ScrapeMetrics(int port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  std::string answer;
  if (connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      send(connection, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char chunk[16 * 1024];
    ssize_t size;
    while ((size = recv(connection, chunk, sizeof(chunk), 0)) > 0) {
      answer.append(chunk, static_cast<size_t>(size));
    }
  }
  close(connection);
  return answer;
}

double MetricIn(const std::string& scraped, const std::string& series) {
  const size_t line = scraped.find("\n" + series + " ");
  if (line == std::string::npos) return 0;
  return std::strtod(scraped.c_str() + line + series.size() + 2, nullptr);
}

}  // namespace vibestack::e2e
