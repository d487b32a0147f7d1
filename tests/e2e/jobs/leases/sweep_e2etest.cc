// Access: for every method, the callers that the access option of its proto admits.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "tests/support/services.h"
#include "vibestack/options/v1/access.pb.h"

namespace vibestack::e2e {
namespace {

using google::protobuf::MethodDescriptor;
using options::v1::Role;
using testing::AnyOf;

bool Lists(const MethodDescriptor& method, Role role) {
  for (const int allowed : method.options().GetExtension(options::v1::access).allow()) {
    if (allowed == role) return true;
  }
  return false;
}

bool IsPublic(const MethodDescriptor& method) { return Lists(method, options::v1::PUBLIC); }

class Sweep : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    services_ = new Services();
    user_ = new Person(services_->SignUp());
    superuser_ = new Person(services_->CreateSuperuser());
  }
  static void TearDownTestSuite() {
    delete superuser_;
    delete user_;
    delete services_;
  }

  static Result<std::string> CallMethod(const MethodDescriptor& method, const std::string& token,
                                        const std::string& bytes = "") {
    Service& service = IsOfJobService(method) ? services_->job() : services_->user();
    return CallRaw(service.channel(), PathOf(method), bytes, {.token = token});
  }

  // Expects that the access check admits this caller if, and only if, `allowed`.
  static void ExpectAccess(const MethodDescriptor& method, const std::string& token, bool allowed) {
    const auto result = CallMethod(method, token);
    if (!allowed) {
      EXPECT_EQ(result.code(), grpc::PERMISSION_DENIED) << PathOf(method);
      EXPECT_EQ(result.reason(), "ROLE_REQUIRED") << PathOf(method);
      return;
    }
    EXPECT_THAT(result.code(), AnyOf(grpc::OK, grpc::INVALID_ARGUMENT))
        << PathOf(method) << ": " << Describe(result.status);
  }

  static Services* services_;
  static Person* user_;
  static Person* superuser_;
};

Services* Sweep::services_ = nullptr;
Person* Sweep::user_ = nullptr;
Person* Sweep::superuser_ = nullptr;

TEST_F(Sweep, EveryMethodSaysWhoMayCallIt) {
  EXPECT_GE(AllMethods().size(), 23U);
  for (const MethodDescriptor* method : AllMethods()) {
    EXPECT_GT(method->options().GetExtension(options::v1::access).allow_size(), 0)
        << PathOf(*method);
  }
}

TEST_F(Sweep, PlainUserIsDeniedOnEverySuperuserAndServiceMethod) {
  int denied = 0;
  for (const MethodDescriptor* method : AllMethods()) {
    const bool allowed = IsPublic(*method) || Lists(*method, options::v1::USER);
    if (!allowed) ++denied;
    ExpectAccess(*method, user_->access_token, allowed);
  }
  EXPECT_GE(denied, 9);
}

TEST_F(Sweep, SuperuserIsDeniedOnEveryServiceMethod) {
  for (const MethodDescriptor* method : AllMethods()) {
    ExpectAccess(*method, superuser_->access_token,
                 IsPublic(*method) || Lists(*method, options::v1::SUPERUSER) ||
                     Lists(*method, options::v1::USER));
  }
}

TEST_F(Sweep, ServiceIsDeniedOnEveryMethodThatDoesNotNameServices) {
  for (const MethodDescriptor* method : AllMethods()) {
    ExpectAccess(*method, services_->service_token(),
                 IsPublic(*method) || Lists(*method, options::v1::SERVICE));
  }
}

TEST_F(Sweep, NoMethodButThePublicOnesAnswersWithoutAToken) {
  for (const MethodDescriptor* method : AllMethods()) {
    // The access check comes before the request is read, even before it is parsed.
    for (const std::string& bytes : {std::string(), std::string("\xff\xff\xff")}) {
      const auto result = CallMethod(*method, "", bytes);
      if (IsPublic(*method)) {
        EXPECT_NE(result.reason(), "TOKEN_MISSING") << PathOf(*method);
      } else {
        EXPECT_EQ(result.code(), grpc::UNAUTHENTICATED) << PathOf(*method);
        EXPECT_EQ(result.reason(), "TOKEN_MISSING") << PathOf(*method);
      }
    }
  }
}

TEST_F(Sweep, NoTokenPassesForAnother) {
  const std::string& access = user_->access_token;
  std::string altered = access;
  altered[altered.size() / 2] = altered[altered.size() / 2] == 'A' ? 'B' : 'A';
  const std::string unsigned_token = access.substr(0, access.rfind('.') + 1);
  for (const MethodDescriptor* method : AllMethods()) {
    if (IsPublic(*method)) continue;
    for (const std::string& token :
         {user_->refresh_token, altered, unsigned_token, std::string("x"), access + "x",
          absl::StrCat(access, ".", access), std::string(20'000, 'a')}) {
      // Shorten the token, because gRPC itself refuses a larger header.
      const auto result = CallMethod(*method, token.substr(0, 6'000));
      EXPECT_EQ(result.code(), grpc::UNAUTHENTICATED) << PathOf(*method);
      EXPECT_EQ(result.reason(), "TOKEN_INVALID") << PathOf(*method);
    }
  }
}

TEST_F(Sweep, AccessTokenIsNoRefreshToken) {
  user::v1::RefreshTokenRequest request;
  for (const std::string& token : {user_->access_token, services_->service_token()}) {
    request.set_refresh_token(token);
    const auto result = Call(services_->auth(), &AuthService::Stub::RefreshToken, request);
    EXPECT_EQ(result.code(), grpc::UNAUTHENTICATED);
    EXPECT_EQ(result.reason(), "TOKEN_INVALID");
  }
  request.set_refresh_token(user_->refresh_token);
  EXPECT_TRUE(Call(services_->auth(), &AuthService::Stub::RefreshToken, request).ok());
}

TEST_F(Sweep, PlainUserNeverTouchesAnotherAccount) {
  user::v1::GetUserRequest get;
  user::v1::DeleteUserRequest remove;
  user::v1::UpdateUserRequest update;
  for (const std::string& id : {superuser_->id, NewUuid()}) {
    get.set_id(id);
    remove.set_id(id);
    update.mutable_user()->set_id(id);
    update.mutable_user()->set_full_name("Mallory");
    const With with{.token = user_->access_token};
    EXPECT_EQ(Call(services_->users(), &UserService::Stub::GetUser, get, with).reason(),
              "NOT_YOURS");
    EXPECT_EQ(Call(services_->users(), &UserService::Stub::DeleteUser, remove, with).reason(),
              "NOT_YOURS");
    EXPECT_EQ(Call(services_->users(), &UserService::Stub::UpdateUser, update, with).reason(),
              "NOT_YOURS");
  }
}

TEST_F(Sweep, PlainUserCannotRaiseThemselves) {
  user::v1::UpdateUserRequest request;
  request.mutable_user()->set_id("me");
  request.mutable_user()->set_is_superuser(true);
  const With with{.token = user_->access_token};
  const auto unmasked = Call(services_->users(), &UserService::Stub::UpdateUser, request, with);
  EXPECT_EQ(unmasked.code(), grpc::PERMISSION_DENIED) << Describe(unmasked.status);
  request.mutable_update_mask()->add_paths("is_superuser");
  const auto masked = Call(services_->users(), &UserService::Stub::UpdateUser, request, with);
  EXPECT_EQ(masked.reason(), "FIELD_NOT_YOURS");
  request.mutable_update_mask()->set_paths(0, "*");
  EXPECT_EQ(Call(services_->users(), &UserService::Stub::UpdateUser, request, with).reason(),
            "FIELD_NOT_YOURS");
  user::v1::GetUserRequest get;
  get.set_id("me");
  EXPECT_FALSE(
      Call(services_->users(), &UserService::Stub::GetUser, get, with).value.is_superuser());
}

}  // namespace
}  // namespace vibestack::e2e
