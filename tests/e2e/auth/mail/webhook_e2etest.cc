// The requests to the mail webhook.
#include <atomic>

#include <signal.h>

#include "tests/e2e/auth/mail/mail_fixture.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kVerify[] = R"(
import hashlib, hmac, sys, time
secret, timestamp, signature, body = (argument.encode() for argument in sys.argv[1:])
expected = "v1=" + hmac.new(secret, timestamp + b"." + body, hashlib.sha256).hexdigest()
assert hmac.compare_digest(expected.encode(), signature), "not genuine"
assert abs(time.time() - int(timestamp)) <= 60, "not fresh"
)";

class Webhook : public MailTest {
 protected:
  explicit Webhook(std::vector<std::string> flags = {}) : MailTest(std::move(flags)) {}

  static std::string LastPartOf(const std::string& token) {
    return token.substr(token.rfind('.') + 1);
  }
};

class WebhookAtTheEnd : public Webhook {
 protected:
  WebhookAtTheEnd() : Webhook({"--shutdown_grace=1s"}) {}
};

TEST_F(Webhook, PythonsHmacVerifiesTheSignature) {
  const Person person = services_.SignUp();
  const std::string token = ResetToken(person.email);
  const HttpReceiver::Received request = mailbox_.receiver().received().back();
  EXPECT_THAT(request.body, HasSubstr(token));
  EXPECT_EQ(request.method + " " + request.path, "POST /webhook/mail");
  const std::vector<std::string> arguments = {"-c",
                                              kVerify,
                                              mailbox_.secret(),
                                              request.headers.at("x-vibestack-timestamp"),
                                              request.headers.at("x-vibestack-signature"),
                                              request.body};
  const Finished verified = RunToEnd("/usr/bin/python3", arguments);
  EXPECT_EQ(verified.exit_code, 0) << verified.standard_error;
  auto altered = arguments;
  altered.back() += " ";
  EXPECT_THAT(RunToEnd("/usr/bin/python3", altered).standard_error, HasSubstr("not genuine"));
}

TEST_F(Webhook, MailWaitsForAReceiverThatIsAway) {
  const Person person = services_.SignUp();
  mailbox_.GoAway();
  ASSERT_TRUE(RequestReset(person.email).ok());
  // Wait until a delivery has failed and is retried.
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] {
    return services_.user().Metric("vibestack_webhook_retries_total") >= 1;
  }));
  mailbox_.ComeBack();
  auto mail = mailbox_.Await(person.email);
  EXPECT_TRUE(Reset(mail["token"], "battery staple").ok());
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] {
    return services_.user().Metric("vibestack_webhook_deliveries_total{outcome=\"delivered\"}") ==
           1;
  }));
}

TEST_F(Webhook, ReceiverThatFailsIsTriedAgainUnderTheSameKey) {
  std::atomic<int> tries = 0;
  mailbox_.AnswerWith([&tries](const HttpReceiver::Received&) {
    return HttpReceiver::Reply{.status = ++tries == 1 ? 502 : 200};
  });
  const Person person = services_.SignUp();
  ASSERT_TRUE(RequestReset(person.email).ok());
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return tries == 2; }));
  const auto received = mailbox_.receiver().received();
  EXPECT_EQ(received[0].headers.at("idempotency-key"), received[1].headers.at("idempotency-key"));
}

TEST_F(WebhookAtTheEnd, MailThatNobodyTakesIsDroppedAfterTheGraceTimeWithALogLine) {
  const Person person = services_.SignUp();
  mailbox_.GoAway();
  ASSERT_TRUE(RequestReset(person.email).ok());
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] {
    return services_.user().Metric("vibestack_webhook_retries_total") >= 1;
  }));
  services_.user().process().Signal(SIGTERM);
  EXPECT_EQ(services_.user().process().AwaitExit(absl::Seconds(15)), 0);
  EXPECT_THAT(services_.user().log(), HasSubstr(R"("outcome":"dropped")"));
  EXPECT_THAT(services_.user().log(), HasSubstr(person.id));
}

TEST_F(WebhookAtTheEnd, MailUnderWayIsStillDelivered) {
  const Person person = services_.SignUp();
  ASSERT_TRUE(RequestReset(person.email).ok());  // its task still waits for the delay
  services_.user().process().Signal(SIGTERM);
  EXPECT_NE(mailbox_.Await(person.email)["token"], "");
  EXPECT_EQ(services_.user().process().AwaitExit(absl::Seconds(40)), 0);
}

TEST_F(Webhook, NeitherTokensNorEmailsNorTheSecretAreLogged) {
  const Person person = services_.SignUp();
  const std::string token = ResetToken(person.email);
  mailbox_.AnswerWith([](const HttpReceiver::Received&) {
    return HttpReceiver::Reply{.status = 400, .body = "no"};
  });
  ASSERT_TRUE(RequestReset(person.email).ok());
  ASSERT_TRUE(Eventually(absl::Seconds(10), [&] {
    return services_.user().log().find(R"("outcome":"refused")") != std::string::npos;
  }));
  ASSERT_TRUE(Reset(token, "battery staple").ok());
  ASSERT_TRUE(Introspect(token).ok());
  const std::string log = services_.user().log();
  for (const std::string& hidden :
       {LastPartOf(token), LastPartOf(mailbox_.Await(person.email)["token"]), person.email,
        mailbox_.secret(), std::string("battery staple"), std::string("/webhook/mail")}) {
    EXPECT_GE(hidden.size(), 8U);
    EXPECT_THAT(log, Not(HasSubstr(hidden)));
  }
}

}  // namespace
}  // namespace vibestack::e2e
