#include "user_service/domain/password_changes.h"

#include <thread>

#include "common/auth/bcrypt.h"
#include "tests/integration/user_service/mail_queue.h"

namespace vibestack::user_service {
namespace {

using PasswordChangesTest = MailedTokensTest;

constexpr char kEmail[] = "ann@example.com";
constexpr char kOld[] = "correct horse";

TEST_F(PasswordChangesTest, OldPasswordIsNeeded) {
  const UserPtr user = Make(kEmail);
  const absl::Status refused = Change(user->id, "not that one", "battery staple").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(refused), "INVALID_CREDENTIALS");
  EXPECT_TRUE(LogIn(kEmail, kOld).ok());
  const auto changed = Change(user->id, kOld, "battery staple");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_GT((*changed)->updated_at, user->updated_at);
  EXPECT_TRUE(LogIn(kEmail, "battery staple").ok());
  EXPECT_FALSE(LogIn(kEmail, kOld).ok());
}

TEST_F(PasswordChangesTest, SamePasswordAgainIsAChangeToo) {
  const UserPtr user = Make(kEmail);
  const auto changed = Change(user->id, kOld, kOld);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_NE(FingerprintOf(**changed, fingerprint_key_), FingerprintOf(*user, fingerprint_key_));
}

TEST_F(PasswordChangesTest, AccountThatIsGoneOrInactiveIsRefused) {
  const UserPtr user = Make(kEmail);
  Sql("UPDATE users SET is_active = false");
  EXPECT_EQ(ErrorReason(Change(user->id, kOld, "battery staple").status()), "INVALID_CREDENTIALS");
  Sql("DELETE FROM users");
  EXPECT_EQ(ErrorReason(Change(user->id, kOld, "battery staple").status()), "INVALID_CREDENTIALS");
}

TEST_F(PasswordChangesTest, OfTwoChangesAtTheSameMomentOneSucceeds) {
  for (int round = 0; round < 25; ++round) {
    const std::string email = "ann" + std::to_string(round) + "@example.com";
    const UserPtr user = Make(email);
    absl::Status statuses[2];
    std::thread other([&] { statuses[1] = Change(user->id, kOld, "second password").status(); });
    statuses[0] = Change(user->id, kOld, "first password").status();
    other.join();
    ASSERT_NE(statuses[0].ok(), statuses[1].ok()) << statuses[0] << " " << statuses[1];
    EXPECT_TRUE(LogIn(email, statuses[0].ok() ? "first password" : "second password").ok());
  }
}

TEST_F(PasswordChangesTest, HashMadeAnewBetweenReadingAndWritingIsNoObstacle) {
  const UserPtr read = Make(kEmail);
  Rehash(read->id);
  const Secret hash(*auth::HashPassword(Secret("battery staple"), 4));
  int asked = 0;
  const auto changed = SyncWait(ReplacePassword(
      users_, read, hash,
      [&asked](const UserPtr& present) {
        ++asked;
        return present == nullptr ? absl::InternalError("gone") : absl::OkStatus();
      },
      Soon()));
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE((*changed)->hashed_password == hash);
}

TEST_F(PasswordChangesTest, StoreReplacesOnlyWhatItsReaderSaw) {
  const UserPtr read = Make(kEmail);
  const Secret hash(*auth::HashPassword(Secret("battery staple"), 4));
  const auto replaces = [&] {
    const auto replaced = SyncWait(users_.ReplacePassword(read, hash, Soon()));
    EXPECT_TRUE(replaced.ok()) << replaced.status();
    return *replaced != nullptr;
  };
  for (const char* change :
       {"email = 'anna@example.com'", "is_active = false",
        "hashed_password = '$2b$04$yRCu4aAwsxR8vNzfotTD3.JKB0dgy0w3AI.BGcFwOe6WoDsAApPNW'"}) {
    Sql(std::string("UPDATE users SET ") + change);
    EXPECT_FALSE(replaces()) << change;
    Sql("UPDATE users SET email = 'ann@example.com', is_active = NULL, hashed_password = " +
        Quoted(read->hashed_password.Reveal()));
  }
  EXPECT_TRUE(replaces());
  EXPECT_TRUE(replaces());  // as after a COMMIT whose reply was lost
}

}  // namespace
}  // namespace vibestack::user_service
