#include "common/auth/access_policy.h"

#include <gtest/gtest.h>

namespace vibestack::auth {
namespace {

constexpr Role kRoles[] = {Role::kPublic, Role::kUser, Role::kSuperuser, Role::kService,
                           Role::kCallback};

TEST(AccessPolicyTest, AMethodWithoutRolesIsDeniedToEverybody) {
  for (const Role role : kRoles) EXPECT_FALSE(RoleSet().Allows(role));
}

TEST(AccessPolicyTest, APublicMethodIsOpenToEverybody) {
  for (const Role role : kRoles) EXPECT_TRUE(RoleSet({Role::kPublic}).Allows(role));
}

TEST(AccessPolicyTest, ASuperuserIsAUserToo) {
  EXPECT_TRUE(RoleSet({Role::kUser}).Allows(Role::kSuperuser));
  EXPECT_TRUE(RoleSet({Role::kUser}).Allows(Role::kUser));
}

TEST(AccessPolicyTest, AUserIsNoSuperuser) {
  EXPECT_FALSE(RoleSet({Role::kSuperuser}).Allows(Role::kUser));
  EXPECT_TRUE(RoleSet({Role::kSuperuser}).Allows(Role::kSuperuser));
}

TEST(AccessPolicyTest, ServicesAndPeopleDoNotPassForEachOther) {
  EXPECT_FALSE(RoleSet({Role::kService}).Allows(Role::kUser));
  EXPECT_FALSE(RoleSet({Role::kService, Role::kUser}).Allows(Role::kCallback));
  EXPECT_FALSE(RoleSet({Role::kCallback}).Allows(Role::kService));
  EXPECT_FALSE(RoleSet({Role::kService}).Allows(Role::kSuperuser));
  EXPECT_FALSE(RoleSet({Role::kUser, Role::kSuperuser}).Allows(Role::kService));
}

TEST(AccessPolicyTest, AnAnonymousCallerIsDeniedEverythingButPublicMethods) {
  EXPECT_FALSE(RoleSet({Role::kUser, Role::kSuperuser, Role::kService}).Allows(Role::kPublic));
}

TEST(CallerTest, OnlyAUserIsSomeUser) {
  EXPECT_TRUE(Caller::User("u1").Is("u1"));
  EXPECT_TRUE(Caller::Superuser("u1").Is("u1"));
  EXPECT_FALSE(Caller::User("u1").Is("u2"));
  EXPECT_FALSE(Caller::Service("u1").Is("u1"));
  EXPECT_FALSE(Caller::Anonymous().Is(""));
}

}  // namespace
}  // namespace vibestack::auth
