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

// A real HTTP/1.1 server on loopback that receives the requests of our services. It keeps every
// request and answers as the test says. Thread-safe.
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
    // If not empty: these bytes are sent instead of the fields above, and the connection is closed.
    std::string raw = "";
    // Runs after the bytes are sent and before the connection is closed. May block.
    std::function<void()> linger = [] {};
    // Closes the connection without an answer.
    bool hang_up = false;
  };
  // Runs on the thread of the connection. May block.
  using Handler = std::function<Reply(const Received&)>;

  // Starts to listen; port 0 picks a free port. Ends the test program if it cannot listen.
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

  // All complete requests, in the order of their arrival.
  std::vector<Received> received() const;
  size_t count() const { return received().size(); }

 private:
  void Accept();
  void Serve(int connection);
  // Keeps the request and answers it. Returns whether the connection stays open.
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
