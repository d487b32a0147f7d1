#ifndef VIBESTACK_TESTS_INTEGRATION_USER_SERVICE_MAIL_QUEUE_H_
#define VIBESTACK_TESTS_INTEGRATION_USER_SERVICE_MAIL_QUEUE_H_

#include <memory>
#include <utility>
#include <vector>

#include "common/auth/es256.h"
#include "common/auth/key_set.h"
#include "tests/integration/user_service/fixture.h"
#include "user_service/domain/mail_queue.h"
#include "user_service/domain/password_changes.h"
#include "user_service/domain/password_resets.h"
#include "user_service/domain/sessions.h"
#include "user_service/domain/sign_ups.h"

namespace vibestack::user_service {

// A mail queue that keeps its notices.
class KeepingMailQueue final : public MailQueue {
 public:
  absl::StatusOr<Slot> Reserve() override {
    ++slots_;
    return Slot(*this);
  }
  void Put(Slot, Notice notice) override { notices_.push_back(std::move(notice)); }

  const std::vector<Notice>& notices() const { return notices_; }
  int slots() const { return slots_; }

 private:
  void Release() override { --slots_; }

  int slots_ = 0;
  std::vector<Notice> notices_;
};

// The fixture for password resets and sign-ups, with a fake clock.
class MailedTokensTest : public UserServiceTest {
 protected:
  UserPtr Make(const std::string& email) {
    const auto made = SyncWait(accounts_.Create(MakeAccount(email), Soon()));
    EXPECT_TRUE(made.ok()) << made.status();
    return *made;
  }
  absl::Status LogIn(const std::string& email, const std::string& password) {
    return SyncWait(sessions_.LogIn(email, Secret(password), Soon())).tokens.status();
  }

  // Each of these runs step 2 and returns the mailed token; empty if there is none.
  std::string RequestReset(const std::string& email) {
    return Sent(password_resets_.Send(*password_resets_.ReserveMail(), email));
  }
  std::string SignUp(const std::string& email) {
    return Sent(sign_ups_.Send(*sign_ups_.ReserveMail(), email));
  }
  absl::StatusOr<UserPtr> Reset(const std::string& token, const std::string& password) {
    return SyncWait(password_resets_.Reset(token, Secret(password), Soon()));
  }
  absl::StatusOr<UserPtr> Change(const std::string& id, const std::string& old_password,
                                 const std::string& new_password) {
    return SyncWait(
        password_changes_.Change(id, Secret(old_password), Secret(new_password), Soon()));
  }

  // Stores a hash with another cost and the same salt, as a log-in does.
  void Rehash(const std::string& id) {
    Sql("UPDATE users SET hashed_password = '$2b$05$' || substr(hashed_password, 8) WHERE id = '" +
        id + "'");
  }

  KeepingMailQueue mail_queue_;
  const Secret fingerprint_key_{"key"};
  const std::shared_ptr<const auth::KeySet> key_set_ =
      *auth::KeySet::FromPems({{"k1", *auth::Es256Key::Generate()->ToPrivatePem()}});
  const auth::KeySetProvider keys_ = [this] { return key_set_; };
  FakeClock clock_{absl::Now()};
  Sessions sessions_{users_, passwords_, keys_, clock_, {.fingerprint_key = fingerprint_key_}};
  PasswordChanges password_changes_{users_, passwords_};
  PasswordResets password_resets_{users_, passwords_,       keys_,
                                  clock_, fingerprint_key_, &mail_queue_};
  SignUps sign_ups_{SignUpMode::kConfirmed, users_, accounts_, keys_, clock_, &mail_queue_};

 private:
  std::string Sent(Task<void> work) {
    const size_t before = mail_queue_.notices().size();
    SyncWait(Finish(std::move(work)));
    EXPECT_EQ(mail_queue_.slots(), 0);
    return mail_queue_.notices().size() == before ? ""
                                                  : mail_queue_.notices().back().token.Reveal();
  }
  static Task<bool> Finish(Task<void> work) {
    {
      Task<void> held = std::move(work);
      co_await held;
    }  // The slot is released here.
    co_return true;
  }
};

}  // namespace vibestack::user_service

#endif  // VIBESTACK_TESTS_INTEGRATION_USER_SERVICE_MAIL_QUEUE_H_
