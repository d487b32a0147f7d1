#ifndef VIBESTACK_TESTS_SUPPORT_MAILBOX_H_
#define VIBESTACK_TESTS_SUPPORT_MAILBOX_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/http_receiver.h"
#include "tests/support/processes.h"

namespace vibestack::e2e {

// The webhook of user_service, and whom it mails. For one thread.
class Mailbox {
 public:
  // The fields of one delivery's JSON; all of them are texts.
  using Mail = std::map<std::string, std::string>;

  Mailbox();

  // The flags that make user_service deliver here.
  std::vector<std::string> Flags(std::vector<std::string> more = {}) const;

  // Stops answering until the next call.
  void GoAway() { receiver_.reset(); }
  void ComeBack();
  // Sets the answer. Call it before requests come.
  void AnswerWith(HttpReceiver::Handler handler);

  // Every delivery for that email that came since the last time this was asked.
  std::vector<Mail> Take(const std::string& email);
  // The next one, which must come within some seconds; fails the test and is empty if none does.
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
