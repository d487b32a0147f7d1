// The audit log records each change of an account: the account, the actor and the address.
#include <gmock/gmock.h>

#include <functional>
#include <sstream>

#include "tests/support/services.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

class AuditLog : public testing::Test {
 protected:
  // Sets one field of Ann's account as the superuser.
  void Update(const std::string& path, const std::function<void(user::v1::User&)>& set) {
    user::v1::UpdateUserRequest request;
    request.mutable_user()->set_id(ann_.id);
    set(*request.mutable_user());
    request.mutable_update_mask()->add_paths(path);
    const auto updated = Call(services_.users(), &UserService::Stub::UpdateUser, request, AsRoot());
    ASSERT_TRUE(updated.ok()) << Describe(updated.status);
  }
  template <typename Request, typename Response>
  void Do(grpc::Status (UserService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                    Response*)) {
    Request request;
    request.set_id(ann_.id);
    const auto done = Call(services_.users(), method, request, AsRoot());
    ASSERT_TRUE(done.ok()) << Describe(done.status);
  }
  With AsRoot() const { return {.token = root_.access_token}; }

  // The number of audit lines of this event for Ann, with the superuser as the actor, from this
  // address.
  int Lines(const std::string& event) {
    const std::string begin = R"("event":")" + event + R"(","audit":true,"user_id":")" + ann_.id;
    const std::string who = R"("actor_id":")" + root_.id + R"(","client_address":"127.0.0.1")";
    int lines = 0;
    std::istringstream log(services_.user().log());
    for (std::string line; std::getline(log, line);) {
      if (line.find(begin) == std::string::npos) continue;
      EXPECT_THAT(line, HasSubstr(who));
      ++lines;
    }
    return lines;
  }

  Services services_;
  const Person root_ = services_.CreateSuperuser();
  const Person ann_ = services_.SignUp();
};

TEST_F(AuditLog, HasALineForEachChangeOfAnAccount) {
  Update("is_superuser", [](user::v1::User& user) { user.set_is_superuser(true); });
  EXPECT_EQ(Lines("promoted"), 1);
  Update("is_superuser", [](user::v1::User& user) { user.set_is_superuser(false); });
  EXPECT_EQ(Lines("demoted"), 1);
  Update("is_active", [](user::v1::User& user) { user.set_is_active(false); });
  EXPECT_EQ(Lines("banned"), 1);
  Update("is_active", [](user::v1::User& user) { user.set_is_active(true); });
  EXPECT_EQ(Lines("unbanned"), 1);
  Do(&UserService::Stub::DeleteUser);
  EXPECT_EQ(Lines("banned"), 2);
  Do(&UserService::Stub::UndeleteUser);
  EXPECT_EQ(Lines("unbanned"), 2);
  const std::string email = "other-" + ann_.email;
  Update("email", [&email](user::v1::User& user) { user.set_email(email); });
  EXPECT_EQ(Lines("email_changed"), 1);
  EXPECT_THAT(services_.user().log(), Not(HasSubstr(email)));
  Update("bio", [](user::v1::User& user) { user.set_bio("a life"); });
  Do(&UserService::Stub::PurgeUser);
  EXPECT_EQ(Lines("purged"), 1);
}

TEST_F(AuditLog, ASuperuserMadeByCommandIsALine) {
  const Finished made = services_.RunUserService({"create-superuser", "--email=" + ann_.email},
                                                 {"VIBESTACK_PASSWORD=" + ann_.password});
  ASSERT_EQ(made.exit_code, 0) << made.standard_error;
  EXPECT_THAT(made.standard_error,
              HasSubstr(R"("event":"superuser_made","audit":true,"user_id":")" + ann_.id));
  EXPECT_THAT(made.standard_error, Not(HasSubstr(ann_.email)));
}

}  // namespace
}  // namespace vibestack::e2e
