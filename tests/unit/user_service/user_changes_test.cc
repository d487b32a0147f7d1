#include "user_service/api/user_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/error.h"
#include "user_service/domain/update_rules.h"

namespace vibestack::user_service {
namespace {

using testing::HasSubstr;
using user::v1::UpdateUserRequest;

constexpr bool kPlainUser = false;
constexpr bool kSuperuser = true;

UpdateUserRequest Request(const std::vector<std::string>& paths) {
  UpdateUserRequest request;
  request.mutable_user()->set_id("me");
  for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
  return request;
}

// Every field set, so that any path of the table can be taken.
UpdateUserRequest FullRequest(const std::vector<std::string>& paths) {
  UpdateUserRequest request = Request(paths);
  request.mutable_user()->set_email("New@Example.com");
  request.mutable_user()->set_full_name("New");
  request.mutable_user()->set_bio("new");
  request.mutable_user()->set_is_active(true);
  request.mutable_user()->set_is_superuser(true);
  return request;
}

TEST(UserChangesTest, EveryFieldOfAUserStandsInTheTable) {
  const auto* descriptor = user::v1::User::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    EXPECT_NE(FindFieldRule(descriptor->field(i)->name()), nullptr) << descriptor->field(i)->name();
  }
}

TEST(UserChangesTest, TheTableDecidesWhoMayChangeWhat) {
  for (const FieldRule& rule : kFieldRules) {
    const auto by_user = ReadChanges(FullRequest({rule.path}), kPlainUser);
    const auto by_superuser = ReadChanges(FullRequest({rule.path}), kSuperuser);
    switch (rule.changed_by) {
      case ChangedBy::kNobody:
        EXPECT_TRUE(absl::IsInvalidArgument(by_user.status())) << rule.path;
        EXPECT_TRUE(absl::IsInvalidArgument(by_superuser.status())) << rule.path;
        break;
      case ChangedBy::kSuperuser:
        EXPECT_EQ(ErrorReason(by_user.status()), "FIELD_NOT_YOURS") << rule.path;
        EXPECT_THAT(std::string(by_user.status().message()), HasSubstr(rule.path));
        EXPECT_TRUE(by_superuser.ok()) << rule.path;
        break;
      case ChangedBy::kOwner:
        EXPECT_TRUE(by_user.ok()) << rule.path;
        EXPECT_TRUE(by_superuser.ok()) << rule.path;
        break;
    }
  }
}

TEST(UserChangesTest, UnknownPathsAreNamedByTheirPlace) {
  for (const char* path : {"hashed_password", "user.bio", "Bio", "bio.x", "", " bio", "bio*"}) {
    const auto changes = ReadChanges(FullRequest({"bio", path}), kSuperuser);
    EXPECT_TRUE(absl::IsInvalidArgument(changes.status())) << path;
    EXPECT_THAT(std::string(changes.status().message()), HasSubstr("update_mask.paths[1]"));
  }
}

TEST(UserChangesTest, AStarIsAllThatTheCallerMayChange) {
  const auto by_user = ReadChanges(FullRequest({"*"}), kPlainUser);
  ASSERT_TRUE(by_user.ok());
  EXPECT_EQ(by_user->full_name, "New");
  EXPECT_EQ(by_user->bio, "new");
  EXPECT_FALSE(by_user->email || by_user->is_active || by_user->is_superuser);
  const auto by_superuser = ReadChanges(FullRequest({"*"}), kSuperuser);
  ASSERT_TRUE(by_superuser.ok());
  EXPECT_EQ(by_superuser->email, "new@example.com");
  EXPECT_EQ(by_superuser->is_active, true);
  EXPECT_EQ(by_superuser->is_superuser, true);
}

TEST(UserChangesTest, AStarStandsAlone) {
  EXPECT_TRUE(absl::IsInvalidArgument(ReadChanges(FullRequest({"bio", "*"}), kSuperuser).status()));
}

TEST(UserChangesTest, WithoutAMaskPopulatedFieldsChange) {
  UpdateUserRequest request = Request({});
  request.mutable_user()->set_bio("");
  for (const bool with_empty_mask : {false, true}) {
    if (with_empty_mask) request.mutable_update_mask();
    const auto changes = ReadChanges(request, kPlainUser);
    ASSERT_TRUE(changes.ok());
    EXPECT_EQ(changes->bio, "");
    EXPECT_FALSE(changes->full_name || changes->email || changes->is_active);
  }
}

TEST(UserChangesTest, WithoutAMaskForeignFieldsAreRefusedToo) {
  UpdateUserRequest request = Request({});
  request.mutable_user()->set_is_superuser(true);
  EXPECT_EQ(ErrorReason(ReadChanges(request, kPlainUser).status()), "FIELD_NOT_YOURS");
}

TEST(UserChangesTest, NothingToChangeIsNoError) {
  const auto changes = ReadChanges(Request({}), kPlainUser);
  ASSERT_TRUE(changes.ok());
  EXPECT_TRUE(changes->empty());
}

TEST(UserChangesTest, AFieldThatIsMaskedAndAbsentIsCleared) {
  const auto changes = ReadChanges(Request({"full_name", "bio", "is_active"}), kSuperuser);
  ASSERT_TRUE(changes.ok());
  ASSERT_TRUE(changes->full_name.has_value() && changes->bio.has_value());
  EXPECT_FALSE(changes->full_name->has_value());
  EXPECT_FALSE(changes->bio->has_value());
  EXPECT_EQ(changes->is_active, false);
  EXPECT_TRUE(changes->Demotes());
}

TEST(UserChangesTest, ValuesKeepToTheRulesOfNewAccounts) {
  UpdateUserRequest request = Request({"email", "full_name", "bio"});
  request.mutable_user()->set_full_name(std::string(101, 'x'));
  request.mutable_user()->set_bio(std::string("a\0b", 3));
  const auto changes = ReadChanges(request, kSuperuser);
  const absl::Status& status = changes.status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.ToString(), HasSubstr("user.email"));
  EXPECT_THAT(status.ToString(), HasSubstr("user.full_name"));
  EXPECT_THAT(status.ToString(), HasSubstr("user.bio"));
}

}  // namespace
}  // namespace vibestack::user_service
