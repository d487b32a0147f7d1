#ifndef VIBESTACK_TESTS_SUPPORT_HTTP_RECEIVER_H_
#define VIBESTACK_TESTS_SUPPORT_HTTP_RECEIVER_H_

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace vibestack::e2e {

// A real HTTP/1.1 server on loopback for what our services send: it keeps every request and
// answers as the test says. Thread-safe.
class HttpReceiver {
 public:
  struct Received {
    std::string method;
    std::string path;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
  };
  struct Reply {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = "";
    // Sent instead of the above, byte for byte, before the connection is closed; not when empty.
    std::string raw = "";
    // Closes the connection without a word.
    bool hang_up = false;
  };
  // Runs on a thread of the connection's; may block, for as long as the test lets it.
  using Handler = std::function<Reply(const Received&)>;

  // Listens from now on; port 0 picks a free one. Ends the test program where it cannot.
  explicit HttpReceiver(Handler handler = AnswersOk(), int port = 0);
  HttpReceiver(const HttpReceiver&) = delete;
  HttpReceiver& operator=(const HttpReceiver&) = delete;
  // Closes every connection and waits for handlers that run.
  ~HttpReceiver();

  static Handler AnswersOk() {
    return [](const Received&) { return Reply(); };
  }

  int port() const { return port_; }
  std::string url(const std::string& path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

  // All requests that came whole, in their order.
  std::vector<Received> received() const;
  size_t count() const { return received().size(); }

 private:
  void Accept();
  void Serve(int connection);
  // Keeps the request and answers it; whether the connection goes on.
  bool Answer(int connection, const Received& request);

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::vector<int> connections_;
  std::vector<std::thread> servers_;
  std::vector<Received> received_;
  std::thread acceptor_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_HTTP_RECEIVER_H_
