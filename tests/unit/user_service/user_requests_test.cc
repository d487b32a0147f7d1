#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/error.h"
#include "common/rpc/validator.h"
#include "user_service/api/convert.h"
#include "user_service/api/user_lists.h"

namespace vibestack::user_service {
namespace {

using auth::Caller;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kAnn[] = "0b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d";
constexpr char kAnnInUpperCase[] = "0B9F3D0E-4F0E-4B62-9C3B-2D1F5A6B7C8D";
constexpr char kBob[] = "1b9f3d0e-4f0e-4b62-9c3b-2d1f5a6b7c8d";
constexpr char kHash[] = "$2b$04$yRCu4aAwsxR8vNzfotTD3.JKB0dgy0w3AI.BGcFwOe6WoDsAApPNW";

UserPtr MakeUser(const std::string& id) {
  User user;
  user.id = id;
  user.email = "ann@example.com";
  user.hashed_password = Secret(kHash);
  return std::make_shared<const User>(std::move(user));
}

TEST(ReachableUserTest, MeIsTheCaller) {
  EXPECT_EQ(*ReachableUser(Caller::User(kAnn), "id", "me"), kAnn);
  EXPECT_EQ(*ReachableUser(Caller::Superuser(kAnn), "id", "me"), kAnn);
  EXPECT_TRUE(absl::IsInvalidArgument(ReachableUser(Caller::Service("jobs"), "id", "me").status()));
}

TEST(ReachableUserTest, IdsAreReadInAnyCase) {
  EXPECT_EQ(*ReachableUser(Caller::User(kAnn), "id", kAnnInUpperCase), kAnn);
}

TEST(ReachableUserTest, SomebodyElseIsNotYoursUnlessSuperuserOrService) {
  EXPECT_EQ(ErrorReason(ReachableUser(Caller::User(kAnn), "id", kBob).status()), "NOT_YOURS");
  EXPECT_EQ(*ReachableUser(Caller::Superuser(kAnn), "id", kBob), kBob);
  EXPECT_EQ(*ReachableUser(Caller::Service("jobs"), "id", kBob), kBob);
}

TEST(ReachableUserTest, WhatIsNoIdNamesTheField) {
  for (const char* id : {"", "Me", "x", "0b9f3d0e4f0e4b629c3b2d1f5a6b7c8d"}) {
    const auto reached = ReachableUser(Caller::Superuser(kAnn), "user.id", id);
    EXPECT_TRUE(absl::IsInvalidArgument(reached.status())) << id;
    EXPECT_THAT(std::string(reached.status().message()), HasSubstr("user.id"));
  }
}

TEST(BatchGetUsersTest, AnswersInOrderAndNamesTheMissingOnce) {
  user::v1::BatchGetUsersRequest request;
  for (const char* id : {kBob, kAnnInUpperCase, kBob, kAnn, "me"}) request.add_ids(id);
  const auto ids = ReadIds(Caller::Superuser(kAnn), request);
  ASSERT_TRUE(ids.ok());
  EXPECT_THAT(*ids, ElementsAre(kBob, kAnn, kBob, kAnn, kAnn));
  const UserPtr ann = MakeUser(kAnn);
  const auto batch = ToBatch(request, *ids, {nullptr, ann, nullptr, ann, ann}, Secret("key"));
  EXPECT_EQ(batch.users_size(), 3);
  EXPECT_THAT(batch.missing_ids(), ElementsAre(kBob));
  EXPECT_EQ(batch.accounts_size(), 0);
}

TEST(BatchGetUsersTest, AccountsAreForServicesAndHoldNoHash) {
  user::v1::BatchGetUsersRequest request;
  request.add_ids(kAnn);
  request.set_include_accounts(true);
  EXPECT_EQ(ErrorReason(ReadIds(Caller::Superuser(kAnn), request).status()), "FIELD_NOT_YOURS");
  ASSERT_TRUE(ReadIds(Caller::Service("jobs"), request).ok());
  const auto batch = ToBatch(request, {kAnn}, {MakeUser(kAnn)}, Secret("key"));
  ASSERT_EQ(batch.accounts_size(), 1);
  EXPECT_EQ(batch.accounts(0).id(), kAnn);
  EXPECT_EQ(batch.accounts(0).fingerprint().size(), 22);
  EXPECT_EQ(batch.SerializeAsString().find("$2b$"), std::string::npos);
}

TEST(BatchGetUsersTest, OneToAThousandIds) {
  user::v1::BatchGetUsersRequest request;
  EXPECT_TRUE(absl::IsInvalidArgument(ReadIds(Caller::Service("jobs"), request).status()));
  for (int i = 0; i < 1000; ++i) request.add_ids(kAnn);
  EXPECT_TRUE(ReadIds(Caller::Service("jobs"), request).ok());
  request.add_ids(kAnn);
  EXPECT_TRUE(absl::IsInvalidArgument(ReadIds(Caller::Service("jobs"), request).status()));
}

TEST(ListUsersTest, TimesBetweenMicrosecondsAreRoundedUp) {
  user::v1::ListUsersRequest request;
  request.mutable_created_after()->set_seconds(1);
  request.mutable_created_after()->set_nanos(1);
  request.mutable_created_before()->set_seconds(2);
  const auto query = ReadQuery(request);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->created_from, absl::FromUnixMicros(1'000'001));
  EXPECT_EQ(query->created_before, absl::FromUnixMicros(2'000'000));
}

TEST(ListUsersTest, ATokenIsForItsFiltersOnly) {
  user::v1::ListUsersRequest request;
  request.set_page_size(1);
  request.set_email_prefix("a");
  const auto query = ReadQuery(request);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->limit, 2);
  UserPage found;
  found.users = {*MakeUser(kAnn), *MakeUser(kBob)};
  const auto page = ToPage(request, *query, found);
  EXPECT_EQ(page.users_size(), 1);
  EXPECT_EQ(rpc::ToTime(page.continues_at()), found.users[0].created_at);
  request.set_page_token(page.next_page_token());
  request.set_page_size(7);
  const auto next = ReadQuery(request);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->after->id, kAnn);
  request.set_email_prefix("b");
  EXPECT_TRUE(absl::IsInvalidArgument(ReadQuery(request).status()));
}

TEST(ListUsersTest, APageThatIsNotFullSaysWhereToGoOn) {
  user::v1::ListUsersRequest request;
  request.set_full_name_prefix("a");
  const auto query = ReadQuery(request);
  ASSERT_TRUE(query.ok());
  UserPage found;
  EXPECT_EQ(ToPage(request, *query, found).next_page_token(), "");
  EXPECT_FALSE(ToPage(request, *query, found).has_continues_at());
  found.goes_on_after = UserQuery::Position{absl::FromUnixSeconds(7), kBob};
  EXPECT_EQ(ToPage(request, *query, found).continues_at().seconds(), 7);
  request.set_page_token(ToPage(request, *query, found).next_page_token());
  const auto next = ReadQuery(request);
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->after->id, kBob);
  EXPECT_EQ(next->after->created_at, absl::FromUnixSeconds(7));
}

TEST(ListUsersTest, EveryWrongFieldIsNamed) {
  user::v1::ListUsersRequest request;
  request.set_page_size(-1);
  request.set_email_prefix(std::string("a\0", 2));
  request.mutable_created_after()->set_nanos(-1);
  const std::string message = ReadQuery(request).status().ToString();
  for (const char* field : {"page_size", "email_prefix", "created_after"}) {
    EXPECT_THAT(message, HasSubstr(field));
  }
}

TEST(ToProtoTest, ShowsEverythingButTheHash) {
  const std::string bytes = ToProto(*MakeUser(kAnn)).SerializeAsString();
  EXPECT_NE(bytes.find("ann@example.com"), std::string::npos);
  EXPECT_EQ(bytes.find("$2b$"), std::string::npos);
}

}  // namespace
}  // namespace vibestack::user_service
