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

constexpr Changer kOwner{.is_owner = true};
constexpr Changer kSuperuser{.is_superuser = true};
constexpr Changer kOwnSuperuser{.is_superuser = true, .is_owner = true};

UpdateUserRequest Request(const std::vector<std::string>& paths) {
  UpdateUserRequest request;
  request.mutable_user()->set_id("me");
  for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
  return request;
}

// A request with every field set and a mask of these paths.
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
    for (const Changer& changer : {kOwner, kSuperuser, kOwnSuperuser}) {
      const auto changes = ReadChanges(FullRequest({rule.path}), changer);
      const bool may = rule.changed_by == ChangedBy::kOwner || changer.is_superuser;
      if (rule.changed_by == ChangedBy::kNobody) {
        EXPECT_TRUE(absl::IsInvalidArgument(changes.status())) << rule.path;
      } else if (rule.changed_by == ChangedBy::kOwnerWithPassword && changer.is_owner) {
        EXPECT_TRUE(absl::IsInvalidArgument(changes.status())) << rule.path;
        EXPECT_THAT(changes.status().ToString(), HasSubstr("current_password"));
      } else if (may) {
        EXPECT_TRUE(changes.ok()) << rule.path << changes.status();
      } else {
        EXPECT_EQ(ErrorReason(changes.status()), "FIELD_NOT_YOURS") << rule.path;
        EXPECT_THAT(std::string(changes.status().message()), HasSubstr(rule.path));
      }
    }
  }
}

TEST(UserChangesTest, OnesOwnEmailTakesThePasswordWhichIsToBeCompared) {
  UpdateUserRequest request = FullRequest({"email", "bio"});
  request.set_current_password("correct horse");
  for (const Changer& changer : {kOwner, kOwnSuperuser}) {
    const auto requested = ReadChanges(request, changer);
    ASSERT_TRUE(requested.ok()) << requested.status();
    EXPECT_EQ(requested->changes.email, "new@example.com");
    EXPECT_TRUE(requested->current_password == Secret("correct horse"));
  }
  EXPECT_FALSE(ReadChanges(request, kSuperuser)->current_password.has_value());
  request = FullRequest({"bio"});
  request.set_current_password("of no matter here");
  EXPECT_FALSE(ReadChanges(request, kOwner)->current_password.has_value());
}

TEST(UserChangesTest, APasswordThatCannotBeOneIsNamed) {
  for (const std::string& password : {std::string(73, 'x'), std::string("a\0b", 3)}) {
    UpdateUserRequest request = FullRequest({"bio"});
    request.set_current_password(password);
    const auto changes = ReadChanges(request, kOwner);
    EXPECT_TRUE(absl::IsInvalidArgument(changes.status()));
    EXPECT_THAT(changes.status().ToString(), HasSubstr("current_password"));
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
  UpdateUserRequest request = FullRequest({"*"});
  const auto by_superuser = ReadChanges(request, kSuperuser);
  ASSERT_TRUE(by_superuser.ok());
  EXPECT_EQ(by_superuser->changes.email, "new@example.com");
  EXPECT_EQ(by_superuser->changes.is_active, true);
  EXPECT_EQ(by_superuser->changes.is_superuser, true);
  // An owner who sets is_superuser is refused.
  EXPECT_TRUE(absl::IsPermissionDenied(ReadChanges(request, kOwner).status()));
  request.mutable_user()->set_is_superuser(false);
  const auto by_owner = ReadChanges(request, kOwner);
  ASSERT_TRUE(by_owner.ok());
  EXPECT_EQ(by_owner->changes.full_name, "New");
  EXPECT_EQ(by_owner->changes.bio, "new");
  EXPECT_FALSE(by_owner->changes.email || by_owner->changes.is_active ||
               by_owner->changes.is_superuser);
  request.set_current_password("correct horse");
  EXPECT_EQ(ReadChanges(request, kOwner)->changes.email, "new@example.com");
}

TEST(UserChangesTest, AStarStandsAlone) {
  EXPECT_TRUE(absl::IsInvalidArgument(ReadChanges(FullRequest({"bio", "*"}), kSuperuser).status()));
}

TEST(UserChangesTest, WithoutAMaskPopulatedFieldsChange) {
  UpdateUserRequest request = Request({});
  request.mutable_user()->set_bio("");
  for (const bool with_empty_mask : {false, true}) {
    if (with_empty_mask) request.mutable_update_mask();
    const auto changes = ReadChanges(request, kOwner);
    ASSERT_TRUE(changes.ok());
    EXPECT_EQ(changes->changes.bio, "");
    EXPECT_FALSE(changes->changes.full_name || changes->changes.email ||
                 changes->changes.is_active);
  }
}

TEST(UserChangesTest, WithoutAMaskForeignFieldsAreRefusedToo) {
  UpdateUserRequest request = Request({});
  request.mutable_user()->set_is_superuser(true);
  EXPECT_EQ(ErrorReason(ReadChanges(request, kOwner).status()), "FIELD_NOT_YOURS");
}

TEST(UserChangesTest, NothingToChangeIsNoError) {
  const auto changes = ReadChanges(Request({}), kOwner);
  ASSERT_TRUE(changes.ok());
  EXPECT_TRUE(changes->changes.empty());
}

TEST(UserChangesTest, AFieldThatIsMaskedAndAbsentIsCleared) {
  const auto changes = ReadChanges(Request({"full_name", "bio", "is_active"}), kSuperuser);
  ASSERT_TRUE(changes.ok());
  ASSERT_TRUE(changes->changes.full_name.has_value() && changes->changes.bio.has_value());
  EXPECT_FALSE(changes->changes.full_name->has_value());
  EXPECT_FALSE(changes->changes.bio->has_value());
  EXPECT_EQ(changes->changes.is_active, false);
  EXPECT_TRUE(changes->changes.Demotes());
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
