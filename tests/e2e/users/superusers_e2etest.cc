// There is always an active superuser, and the operator can always make one.
#include <gmock/gmock.h>

#include <functional>
#include <thread>

#include "absl/synchronization/barrier.h"
#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

class Superusers : public testing::Test {
 protected:
  using Way = std::function<grpc::Status(const Person& by, const std::string& id)>;

  grpc::Status Update(const Person& by, const std::string& id, const char* path) {
    user::v1::UpdateUserRequest request;
    request.mutable_user()->set_id(id);
    request.mutable_update_mask()->add_paths(path);  // the field is absent: false
    return Call(services_.users(), &UserService::Stub::UpdateUser, request,
                {.token = by.access_token})
        .status;
  }

  grpc::Status Delete(const Person& by, const std::string& id) {
    user::v1::DeleteUserRequest request;
    request.set_id(id);
    return Call(services_.users(), &UserService::Stub::DeleteUser, request,
                {.token = by.access_token})
        .status;
  }

  grpc::Status Purge(const Person& by, const std::string& id) {
    user::v1::PurgeUserRequest request;
    request.set_id(id);
    return Call(services_.users(), &UserService::Stub::PurgeUser, request,
                {.token = by.access_token})
        .status;
  }

  bool IsLetIn(const Person& person) {
    user::v1::ListUsersRequest request;
    request.set_page_size(1);
    return Call(services_.users(), &UserService::Stub::ListUsers, request,
                {.token = person.access_token})
        .ok();
  }

  // Restores both superusers, also a purged one, and waits until the service admits them.
  void Restore(const std::string& rows) {
    database_.Run("INSERT INTO users SELECT * FROM jsonb_populate_recordset(NULL::users, '" + rows +
                  "') ON CONFLICT (id) DO UPDATE SET is_active = true, is_superuser = true");
    ASSERT_TRUE(Eventually(absl::Seconds(10), [&] { return IsLetIn(ann_) && IsLetIn(bob_); }));
  }

  int CountActive() {
    return std::stoi(database_.One("SELECT count(*) FROM users WHERE is_active AND is_superuser"));
  }

  EmptiedDatabase database_;
  Services services_;
  const Person ann_ = services_.CreateSuperuser();
  const Person bob_ = services_.CreateSuperuser();
};

TEST_F(Superusers, OfTwoWhoTakeEachOtherAwayAtOnceOneRemainsInEachOf200Rounds) {
  const Way ways[] = {
      [this](const Person& by, const std::string& id) { return Update(by, id, "is_superuser"); },
      [this](const Person& by, const std::string& id) { return Update(by, id, "is_active"); },
      [this](const Person& by, const std::string& id) { return Delete(by, id); },
      [this](const Person& by, const std::string& id) { return Purge(by, id); }};
  const std::string rows = database_.One("SELECT jsonb_agg(u) FROM users AS u");
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    Restore(rows);
    // Each superuser removes the other one and, by another call, themselves.
    constexpr int kCalls = 4;
    auto* barrier = new absl::Barrier(kCalls);
    grpc::Status statuses[kCalls];
    std::vector<std::thread> threads;
    threads.reserve(kCalls);
    for (int i = 0; i < kCalls; ++i) {
      threads.emplace_back([&, i] {
        const Person& by = i % 2 == 0 ? ann_ : bob_;
        const std::string& id = i < 2 ? (i % 2 == 0 ? bob_ : ann_).id : by.id;
        const Way& way = ways[(i % 2 == 0 ? round : round / 4 + i) % 4];
        if (barrier->Block()) delete barrier;
        statuses[i] = way(by, id);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(CountActive(), 1) << "round " << round;
    for (const grpc::Status& status : statuses) refused += Reason(status) == "LAST_SUPERUSER";
  }
  // Some calls are refused because of the last superuser, not because the caller lost the role.
  EXPECT_GT(refused, 20);
}

TEST_F(Superusers, TheLastSuperuserCannotBeRemovedAndTheErrorSaysWhy) {
  ASSERT_TRUE(Purge(ann_, bob_.id).ok());
  for (const grpc::Status& status :
       {Update(ann_, "me", "is_superuser"), Update(ann_, "me", "is_active"), Delete(ann_, "me"),
        Purge(ann_, "me"), Purge(ann_, ann_.id)}) {
    EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION) << Describe(status);
    EXPECT_EQ(Reason(status), "LAST_SUPERUSER");
  }
  EXPECT_TRUE(IsLetIn(ann_));
}

TEST_F(Superusers, TheCommandRecoversAnAccountThatNobodyElseCould) {
  // A faulty foreign program may leave no superuser at all.
  database_.Run("UPDATE users SET is_active = false, is_superuser = false");
  std::string shouted = ann_.email;
  for (char& c : shouted) c = static_cast<char>(std::toupper(c));
  const Finished made = services_.RunUserService({"create-superuser", "--email=" + shouted},
                                                 {"VIBESTACK_PASSWORD=a new beginning"});
  ASSERT_EQ(made.exit_code, 0) << made.standard_error;
  EXPECT_EQ(made.standard_output, ann_.id + "\n");
  const Person recovered = services_.LogIn(ann_.email, "a new beginning");
  EXPECT_TRUE(IsLetIn(recovered));
  // A new password ends the sessions of the old one.
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return !IsLetIn(ann_); }));
  EXPECT_EQ(database_.One("SELECT count(*) FROM users"), "2");
  EXPECT_EQ(CountActive(), 1);
}

}  // namespace
}  // namespace vibestack::e2e
