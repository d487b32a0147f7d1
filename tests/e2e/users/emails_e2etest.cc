// Emails that imitate others: each is refused with the name of the field, or is a separate account.
#include <thread>

#include "absl/synchronization/barrier.h"
#include "tests/e2e/wire/input/input_fixture.h"
#include "tests/support/database.h"

namespace vibestack::e2e {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Repeated(const std::string& text, size_t times) {
  std::string whole;
  for (size_t i = 0; i < times; ++i) whole += text;
  return whole;
}

class Emails : public InputTest {
 protected:
  // Each taken email counts as a failure, and this test causes hundreds of them.
  static void SetUpTestSuite() {
    SetUpWith({.user_flags = {"--login_failures_per_address=100000"}});
  }

  static Result<user::v1::User> SignUp(const std::string& email) {
    user::v1::SignUpRequest request;
    request.set_email(email);
    request.set_password("correct horse battery");
    return Call(services_->auth(), &AuthService::Stub::SignUp, request);
  }
  static Result<user::v1::User> Create(const std::string& email) {
    user::v1::CreateUserRequest request;
    request.set_email(email);
    request.set_password("correct horse battery");
    return Call(services_->users(), &UserService::Stub::CreateUser, request, AsSuperuser());
  }
  static Result<user::v1::User> Change(const std::string& id, const std::string& email) {
    user::v1::UpdateUserRequest request;
    request.mutable_user()->set_id(id);
    request.mutable_user()->set_email(email);
    request.mutable_update_mask()->add_paths("email");
    return Call(services_->users(), &UserService::Stub::UpdateUser, request, AsSuperuser());
  }
  static Result<user::v1::User> Find(const std::string& email) {
    user::v1::GetUserByEmailRequest request;
    request.set_email(email);
    return Call(services_->users(), &UserService::Stub::GetUserByEmail, request, AsSuperuser());
  }
  static std::vector<std::string> Search(const std::string& email, const std::string& name = "") {
    user::v1::ListUsersRequest request;
    request.set_email_prefix(email);
    request.set_full_name_prefix(name);
    request.set_oldest_first(true);
    const auto page =
        Call(services_->users(), &UserService::Stub::ListUsers, request, AsSuperuser());
    EXPECT_THAT(page, IsOk());
    std::vector<std::string> emails;
    for (const auto& user : page.value.users()) emails.push_back(user.email());
    return emails;
  }
};

TEST_F(Emails, SpacesControlsAndInvisibleCharactersAreRefusedWhereverAnEmailIsWritten) {
  const std::string id = NewUuid();
  for (const std::string& bad : {" " + id + "@x.org",
                                 id + "@x.org ",
                                 id + " @x.org",
                                 id + "@x.org\n",
                                 "\t" + id + "@x.org",
                                 id + "\r@x.org",
                                 id + "\x1b@x.org",
                                 id + "\x7f@x.org",
                                 id + "\u0085@x.org",
                                 id + "\u00a0@x.org",
                                 id + "\u00ad@x.org",
                                 id + "\u200b@x.org",
                                 id + "\u200d@x.org",
                                 id + "\u202e@x.org",
                                 id + "\u2060@x.org",
                                 id + "\u3000@x.org",
                                 "\ufeff" + id + "@x.org",
                                 id + "@x.org@y.org",
                                 id + "@",
                                 "@" + id}) {
    EXPECT_THAT(SignUp(bad), IsRefusedFor("email")) << testing::PrintToString(bad);
    EXPECT_THAT(Create(bad), IsRefusedFor("email")) << testing::PrintToString(bad);
    EXPECT_THAT(Change(user_->id, bad), IsRefusedFor("user.email")) << testing::PrintToString(bad);
  }
  EXPECT_EQ(Database().One("SELECT count(*) FROM users WHERE email LIKE '%" + id + "%'"), "0");
}

TEST_F(Emails, LookAlikesAreOtherAccountsAndNeverOnesOwn) {
  const std::string unique = NewUuid();
  const std::string own = "kelsen." + unique + "@example.org";
  const auto owner = SignUp(own);
  ASSERT_THAT(owner, IsOk());
  const std::string look_alikes[] = {
      "kels\u0435n." + unique + "@example.org",   // Cyrillic e
      "\u212Aelsen." + unique + "@example.org",   // the sign of Kelvin, whose lower case is k
      "kel\u017Fen." + unique + "@example.org",   // long s, whose upper case is S
      "\uFF4Belsen." + unique + "@example.org",   // full-width k
      "kelsen." + unique + "@ex\u0430mple.org",   // Cyrillic a
      "kelse\u0301n." + unique + "@example.org",  // e and an accent
      "kels\u00E9n." + unique + "@example.org",   // the same as one character
  };
  std::set<std::string> ids = {owner.value.id()};
  for (const std::string& email : look_alikes) {
    EXPECT_EQ(Find(email).reason(), "USER_NOT_FOUND") << email;
    user::v1::LoginRequest login;
    login.set_email(email);
    login.set_password("correct horse battery");
    EXPECT_EQ(Call(services_->auth(), &AuthService::Stub::Login, login).reason(),
              "INVALID_CREDENTIALS")
        << email;
    const auto other = SignUp(email);
    ASSERT_THAT(other, IsOk());
    EXPECT_EQ(other.value.email(), email);
    ids.insert(other.value.id());
    EXPECT_EQ(Find(email).value.id(), other.value.id());
  }
  EXPECT_EQ(ids.size(), std::size(look_alikes) + 1);
  EXPECT_EQ(Find(own).value.id(), owner.value.id());
  EXPECT_THAT(Search("KELSEN." + unique + "@example"), ElementsAre(own));
}

TEST_F(Emails, OneOf255CharactersFitsAndOneOf256DoesNot) {
  const std::string unique = NewUuid();
  for (const std::string letter : {"a", "\u00f6", "\U0001F989"}) {
    const std::string fits = Repeated(letter, 255 - unique.size() - 6) + unique + "@x.org";
    const auto made = SignUp(fits);
    ASSERT_THAT(made, IsOk());
    EXPECT_EQ(Find(fits).value.id(), made.value.id());
    EXPECT_EQ(services_->LogIn(fits, "correct horse battery").id, made.value.id());
    EXPECT_THAT(Search(fits), ElementsAre(fits));
    EXPECT_THAT(SignUp(letter + fits), IsRefusedFor("email"));
    EXPECT_THAT(Change(user_->id, letter + fits), IsRefusedFor("user.email"));
    EXPECT_THAT(Find(letter + fits), IsRefusedFor("email"));
  }
}

TEST_F(Emails, PercentUnderscoreAndBackslashMeanThemselvesInSearches) {
  const std::string unique = NewUuid();
  const auto email = [&unique](const std::string& middle) {
    return unique + middle + "x@example.org";
  };
  for (const char* middle : {"%", "_", "\\", "a"}) ASSERT_THAT(SignUp(email(middle)), IsOk());
  EXPECT_THAT(Search(unique + "%"), ElementsAre(email("%")));
  EXPECT_THAT(Search(unique + "_"), ElementsAre(email("_")));
  EXPECT_THAT(Search(unique + "\\"), ElementsAre(email("\\")));
  EXPECT_THAT(Search(unique).size(), 4U);
  EXPECT_THAT(Search("%" + unique), IsEmpty());
  EXPECT_THAT(Search("%"), IsEmpty());
  EXPECT_THAT(Search("_"), IsEmpty());
  EXPECT_THAT(Search("", "%"), IsEmpty());
  EXPECT_EQ(Find(unique + "%x@example.orG").value.email(), email("%"));
  EXPECT_EQ(Find("%@example.org").reason(), "USER_NOT_FOUND");
}

TEST_F(Emails, SignUpsOfOneEmailAtOnceInAnyCaseMakeOneAccountInEachOf200Rounds) {
  for (int round = 0; round < 200; ++round) {
    const std::string unique = NewUuid();
    const std::string emails[] = {"one." + unique + "@example.org",
                                  "One." + unique + "@Example.org",
                                  "ONE." + unique + "@example.ORG"};
    auto* barrier = new absl::Barrier(3);
    Result<user::v1::User> results[3];
    std::vector<std::thread> threads;
    threads.reserve(3);
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, i] {
        if (barrier->Block()) delete barrier;
        results[i] = SignUp(emails[i]);
      });
    }
    for (std::thread& thread : threads) thread.join();
    int made = 0;
    for (const auto& result : results) {
      made += result.ok() ? 1 : 0;
      if (result.ok()) continue;
      EXPECT_EQ(result.reason(), "EMAIL_TAKEN") << Describe(result.status);
    }
    ASSERT_EQ(made, 1) << "round " << round;
  }
  EXPECT_EQ(Database().One("SELECT max(n) FROM (SELECT count(*) AS n FROM users "
                           "GROUP BY lower(email COLLATE \"C\")) AS c"),
            "1");
}

}  // namespace
}  // namespace vibestack::e2e
