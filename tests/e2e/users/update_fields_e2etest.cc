// Who may change which field of an account: every row of kFieldRules with every kind of caller.
#include <gmock/gmock.h>

#include "tests/support/database.h"
#include "tests/support/walk.h"
#include "user_service/domain/update_rules.h"

namespace vibestack::e2e {
namespace {

using user_service::ChangedBy;
using user_service::FieldRule;
using user_service::kFieldRules;
using user_service::UserField;

// The caller and the account.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order in which rows are read
struct Caller {
  const char* who;
  bool is_superuser;
  bool is_owner;
  std::string token;
  std::string target;    // the id as the caller writes it
  std::string password;  // sent as current_password
  bool is_right = true;  // whether `password` is right
};

class UpdateFields : public testing::Test {
 protected:
  // A request that changes this field only.
  static user::v1::UpdateUserRequest Request(const FieldRule& rule, const Caller& caller) {
    user::v1::UpdateUserRequest request;
    user::v1::User& user = *request.mutable_user();
    user.set_id(caller.target);
    user.set_email(NewUuid() + "@example.org");
    user.set_full_name("name " + NewUuid());
    user.set_bio("bio " + NewUuid());
    user.set_is_active(true);
    user.set_is_superuser(true);
    user.mutable_created_at()->set_seconds(1);
    user.mutable_updated_at()->set_seconds(1);
    request.mutable_update_mask()->add_paths(rule.path);
    request.set_current_password(caller.password);
    return request;
  }

  Result<user::v1::User> Update(const user::v1::UpdateUserRequest& request,
                                const std::string& token) {
    return Call(services_.users(), &UserService::Stub::UpdateUser, request, {.token = token});
  }

  // Every column of every user, except one column of one user, as text.
  std::string AllBut(const std::string& column, const std::string& id) {
    return database_.One(
        "SELECT string_agg((CASE WHEN id = '" + id + "' THEN to_jsonb(u) - '" + column +
        "' - 'updated_at' ELSE to_jsonb(u) END)::text, ',' ORDER BY id) FROM users AS u");
  }

  // The outcome that kFieldRules requires: the reason of an error, or empty for a change.
  static std::string Expected(const FieldRule& rule, const Caller& caller) {
    if (rule.changed_by == ChangedBy::kNobody) return "INVALID_FIELDS";
    if (rule.changed_by == ChangedBy::kSuperuser && !caller.is_superuser) return "FIELD_NOT_YOURS";
    if (rule.changed_by == ChangedBy::kOwnerWithPassword && caller.is_owner) {
      if (caller.password.empty()) return "INVALID_FIELDS";
      if (!caller.is_right) return "INVALID_CREDENTIALS";
    }
    return "";
  }

  // Makes one call. Expects the outcome that kFieldRules requires, and that no other column of any
  // user changes.
  void Check(const FieldRule& rule, const Caller& caller) {
    const std::string what = std::string(caller.who) + " changes " + rule.path;
    const std::string target = caller.target == "me" ? OwnerOf(caller) : caller.target;
    const std::string expected = Expected(rule, caller);
    const std::string before = AllBut(expected.empty() ? rule.path : "", target);
    const std::string row = RowOf(target);
    const auto request = Request(rule, caller);
    const auto result = Update(request, caller.token);
    EXPECT_EQ(result.reason(), expected) << what << ": " << Describe(result.status);
    EXPECT_EQ(result.ok(), expected.empty()) << what;
    EXPECT_EQ(AllBut(expected.empty() ? rule.path : "", target), before) << what;
    if (!expected.empty()) {
      EXPECT_EQ(RowOf(target), row) << what;
    } else if (rule.field == UserField::kEmail) {
      EXPECT_EQ(result.value.email(), request.user().email()) << what;
    } else if (rule.field == UserField::kBio) {
      EXPECT_EQ(result.value.bio(), request.user().bio()) << what;
    }
  }

  std::string RowOf(const std::string& id) {
    return database_.One("SELECT users::text FROM users WHERE id = '" + id + "'");
  }
  std::string OwnerOf(const Caller& caller) {
    return caller.is_superuser ? superuser_.id : person_.id;
  }

  EmptiedDatabase database_;
  Services services_;
  const Person superuser_ = services_.CreateSuperuser();
  const Person person_ = services_.SignUp();
  const Person other_ = services_.SignUp();
};

TEST_F(UpdateFields, TheTableDecidesForEveryCallerAndField) {
  const std::string& plain = person_.access_token;
  const std::string& admin = superuser_.access_token;
  const Caller callers[] = {
      {"a user without a password", false, true, plain, "me", ""},
      {"a user with the password", false, true, plain, "me", person_.password},
      {"a user with a wrong password", false, true, plain, "me", "a wrong one", false},
      {"a superuser, of another,", true, false, admin, other_.id, ""},
      {"a superuser without a password", true, true, admin, "me", ""},
      {"a superuser with the password", true, true, admin, "me", superuser_.password},
      {"a superuser with a wrong password", true, true, admin, "me", person_.password, false},
  };
  for (const FieldRule& rule : kFieldRules) {
    for (const Caller& caller : callers) Check(rule, caller);
  }
}

TEST_F(UpdateFields, OthersChangeNothingAtAll) {
  const std::string before = AllBut("", person_.id);
  for (const FieldRule& rule : kFieldRules) {
    const Caller about_other{"", false, false, "", other_.id, person_.password};
    const auto request = Request(rule, about_other);
    EXPECT_EQ(Update(request, person_.access_token).reason(), "NOT_YOURS") << rule.path;
    EXPECT_EQ(Update(request, services_.service_token()).reason(), "ROLE_REQUIRED") << rule.path;
    EXPECT_EQ(Update(request, "").reason(), "TOKEN_MISSING") << rule.path;
  }
  EXPECT_EQ(AllBut("", person_.id), before);
}

TEST_F(UpdateFields, AWholeUserSentBackByItsOwnerIsRefusedAndChangesNothing) {
  user::v1::GetUserRequest get;
  get.set_id("me");
  const auto user =
      Call(services_.users(), &UserService::Stub::GetUser, get, {.token = person_.access_token});
  user::v1::UpdateUserRequest request;
  *request.mutable_user() = user.value;
  request.set_current_password(person_.password);
  const std::string before = RowOf(person_.id);
  EXPECT_EQ(Update(request, person_.access_token).reason(), "FIELD_NOT_YOURS");
  EXPECT_EQ(RowOf(person_.id), before);
  request.mutable_update_mask()->add_paths("*");
  EXPECT_TRUE(Update(request, person_.access_token).ok());
}

TEST_F(UpdateFields, AChangedEmailLogsInAndTheOldOneIsFree) {
  user::v1::UpdateUserRequest request;
  request.mutable_user()->set_id("me");
  request.mutable_user()->set_email("New.Address@Example.org");
  request.mutable_update_mask()->add_paths("email");
  request.set_current_password(person_.password);
  const auto changed = Update(request, person_.access_token);
  ASSERT_TRUE(changed.ok()) << Describe(changed.status);
  EXPECT_EQ(changed.value.email(), "new.address@example.org");
  // The password has not changed, so the tokens are still valid.
  EXPECT_EQ(services_.LogIn("NEW.address@example.org", person_.password).id, person_.id);
  EXPECT_TRUE(Update(request, person_.access_token).ok());
  EXPECT_NE(services_.SignUp(person_.email).id, person_.id);
  request.mutable_user()->set_email(other_.email);
  EXPECT_EQ(Update(request, person_.access_token).reason(), "EMAIL_TAKEN");
}

TEST_F(UpdateFields, AWrongPasswordIsNoVerdictOnTheToken) {
  user::v1::UpdateUserRequest request;
  request.mutable_user()->set_id("me");
  request.mutable_user()->set_email("thief@example.org");
  request.mutable_update_mask()->add_paths("email");
  const auto missing = Update(request, person_.access_token);
  EXPECT_EQ(missing.code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(BadFields(missing.status), std::set<std::string>{"current_password"});
  request.set_current_password("not the one");
  EXPECT_EQ(Update(request, person_.access_token).code(), grpc::PERMISSION_DENIED);
}

TEST_F(UpdateFields, AStolenTokenCannotBeUsedToFindThePassword) {
  user::v1::UpdateUserRequest request;
  request.mutable_user()->set_id("me");
  request.mutable_user()->set_email("thief@example.org");
  request.mutable_update_mask()->add_paths("email");
  std::set<std::string> reasons;
  for (int i = 0; i < 30; ++i) {
    request.set_current_password("wrong " + std::to_string(i));
    reasons.insert(Update(request, person_.access_token).reason());
  }
  EXPECT_EQ(reasons, (std::set<std::string>{"INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS"}));
  request.set_current_password(person_.password);
  EXPECT_EQ(Update(request, person_.access_token).reason(), "TOO_MANY_ATTEMPTS");
  // Changes that need no password still succeed.
  request.mutable_update_mask()->set_paths(0, "bio");
  EXPECT_TRUE(Update(request, person_.access_token).ok());
}

}  // namespace
}  // namespace vibestack::e2e
