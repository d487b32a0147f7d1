#ifndef VIBESTACK_TESTS_UNIT_TELEMETRY_SCRAPE_H_
#define VIBESTACK_TESTS_UNIT_TELEMETRY_SCRAPE_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <string>

#include "common/telemetry/metrics.h"

namespace vibestack {

// The answer of the endpoint at 127.0.0.1:`port`, headers included; empty when nothing listens or
// the endpoint stops. A stopping endpoint may accept a connection and never serve it, so the wait
// has a limit.
inline std::string Get(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const timeval timeout{.tv_sec = 3, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    // Fails when a stopping endpoint resets the connection.
    static_cast<void>(send(fd, request.data(), request.size(), MSG_NOSIGNAL));
    char buffer[4096];
    for (ssize_t n; (n = recv(fd, buffer, sizeof(buffer), 0)) > 0;) answer.append(buffer, n);
  }
  close(fd);
  return answer;
}

// Everything that `metrics` exposes, through a real endpoint.
inline std::string Scrape(Metrics& metrics) {
  if (metrics.port() == 0) {
    const absl::Status served = metrics.Serve("127.0.0.1:0");
    EXPECT_TRUE(served.ok()) << served;
  }
  return Get(metrics.port(), "/metrics");
}

}  // namespace vibestack

#endif  // VIBESTACK_TESTS_UNIT_TELEMETRY_SCRAPE_H_
