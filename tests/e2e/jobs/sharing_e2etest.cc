// Calls that arrive while the database is busy share statements, and account look-ups of
// job_service share calls of user_service.
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/database.h"
#include "tests/support/services.h"

namespace vibestack::e2e {
namespace {

constexpr int kCalls = 12;
// --batch_in_flight. Further calls gather.
constexpr int kInFlight = 2;

class Sharing : public testing::Test {
 protected:
  static constexpr char kCountOfBatches[] = "vibestack_batch_size_count{kind=\"";

  // Makes the calls while `users` is locked. Unlocks it when all calls wait in the queue of this
  // kind. Returns the number of their batches.
  double BatchesOf(Service& service, const std::string& kind,
                   const std::function<void(int)>& call) {
    const std::string count = kCountOfBatches + kind + "\"}";
    const double before = service.Metric(count);
    Database database;
    database.Run("BEGIN");
    database.Run("LOCK TABLE users IN ACCESS EXCLUSIVE MODE");
    std::vector<std::thread> callers;
    callers.reserve(kCalls);
    for (int i = 0; i < kCalls; ++i) callers.emplace_back(call, i);
    const std::string queue = "vibestack_batch_queue{kind=\"" + kind + "\"}";
    EXPECT_TRUE(
        Eventually(absl::Seconds(20), [&] { return service.Metric(queue) == kCalls - kInFlight; }));
    database.Run("ROLLBACK");
    for (std::thread& caller : callers) caller.join();
    return service.Metric(count) - before;
  }

  Services services_;
};

TEST_F(Sharing, ReadsOfUsersShareASelect) {
  const Person person = services_.SignUp();
  const auto get = [&](int) {
    user::v1::GetUserRequest request;
    request.set_id(person.id);
    EXPECT_TRUE(Call(services_.users(), &UserService::Stub::GetUser, request,
                     {.token = services_.service_token()})
                    .ok());
  };
  EXPECT_LE(BatchesOf(services_.user(), "users_by_id", get), kInFlight + 1);
  const auto get_many = [&](int) {
    user::v1::BatchGetUsersRequest request;
    request.add_ids(person.id);
    request.add_ids(NewUuid());
    const auto users = Call(services_.users(), &UserService::Stub::BatchGetUsers, request,
                            {.token = services_.service_token()});
    EXPECT_EQ(users.value.users_size(), 1) << Describe(users.status);
  };
  EXPECT_LE(BatchesOf(services_.user(), "users_by_id", get_many), kInFlight + 1);
}

TEST_F(Sharing, CallersThatJobServiceDoesNotKnowAreAskedForTogether) {
  std::vector<Person> people;
  people.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) people.push_back(services_.SignUp());
  const auto list = [&](int i) {
    const auto jobs = Call(services_.jobs(), &JobService::Stub::ListJobs,
                           job::v1::ListJobsRequest(), {.token = people[i].access_token});
    EXPECT_TRUE(jobs.ok()) << Describe(jobs.status);
  };
  EXPECT_LE(BatchesOf(services_.job(), "find_owner", list), kInFlight + 1);
}

}  // namespace
}  // namespace vibestack::e2e
