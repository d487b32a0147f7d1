#include "tests/support/mailbox.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <utility>

namespace vibestack::e2e {
namespace {

Mailbox::Mail Parse(const std::string& body) {
  google::protobuf::Struct json;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(body, &json).ok()) << body;
  Mailbox::Mail mail;
  for (const auto& [name, value] : json.fields()) mail[name] = value.string_value();
  return mail;
}

}  // namespace

Mailbox::Mailbox() : port_(FreePort()) {
  WriteFile(directory_.path() + "/secret", secret_ + "\n");
  ComeBack();
}

std::vector<std::string> Mailbox::Flags(std::vector<std::string> more) const {
  more.push_back("--webhook_url=http://127.0.0.1:" + std::to_string(port_) + "/webhook/mail");
  more.push_back("--webhook_secret_file=" + directory_.path() + "/secret");
  return more;
}

void Mailbox::ComeBack() { AnswerWith(HttpReceiver::AnswersOk()); }

void Mailbox::AnswerWith(HttpReceiver::Handler handler) {
  receiver_.reset();
  taken_.clear();
  receiver_ = std::make_unique<HttpReceiver>(std::move(handler), port_);
}

std::vector<Mailbox::Mail> Mailbox::Take(const std::string& email) {
  std::vector<Mail> mails;
  for (const auto& request : receiver_->received()) {
    Mail mail = Parse(request.body);
    if (mail["email"] == email) mails.push_back(std::move(mail));
  }
  const size_t before = std::exchange(taken_[email], mails.size());
  mails.erase(mails.begin(), mails.begin() + static_cast<ptrdiff_t>(before));
  return mails;
}

Mailbox::Mail Mailbox::Await(const std::string& email) {
  std::vector<Mail> mails;
  const bool came = Eventually(absl::Seconds(10), [&] {
    mails = Take(email);
    return !mails.empty();
  });
  EXPECT_TRUE(came) << "no mail for " << email;
  return came ? mails.front() : Mail();
}

}  // namespace vibestack::e2e
