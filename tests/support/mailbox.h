#ifndef VIBESTACK_TESTS_SUPPORT_MAILBOX_H_
#define VIBESTACK_TESTS_SUPPORT_MAILBOX_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/http_receiver.h"
#include "tests/support/processes.h"

namespace vibestack::e2e {

// The mail webhook of user_service: keeps every delivery. Not thread-safe.
class Mailbox {
 public:
  // The fields of the JSON of one delivery; all are strings.
  using Mail = std::map<std::string, std::string>;

  Mailbox();

  // The flags that make user_service deliver here.
  std::vector<std::string> Flags(std::vector<std::string> more = {}) const;

  // Stops listening until ComeBack().
  void GoAway() { receiver_.reset(); }
  void ComeBack();
  // Sets how requests are answered. Call it before the first request.
  void AnswerWith(HttpReceiver::Handler handler);

  // The deliveries for this email that arrived since the last Take() or Await() for it.
  std::vector<Mail> Take(const std::string& email);
  // The next delivery for this email. If none arrives within some seconds, fails the test and
  // returns an empty one.
  Mail Await(const std::string& email);

  const HttpReceiver& receiver() const { return *receiver_; }
  const std::string& secret() const { return secret_; }

 private:
  const TemporaryDirectory directory_;
  const std::string secret_ = "a secret between two programs";
  const int port_;
  std::unique_ptr<HttpReceiver> receiver_;
  std::map<std::string, size_t> taken_;  // by email
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_SUPPORT_MAILBOX_H_
