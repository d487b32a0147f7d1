// ExportUser streams everything that is stored about a user, with constant memory.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/database.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using user::v1::ExportUserRequest;
using user::v1::ExportUserResponse;

// For measuring memory: until destruction, programs start without the address sanitizer's
// quarantine, which keeps 256 MiB of freed memory to detect uses of it.
class WithoutQuarantine {
 public:
  WithoutQuarantine() {
    setenv(kName, (options_ + ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0").c_str(),
           1);
  }
  ~WithoutQuarantine() { setenv(kName, options_.c_str(), 1); }
  WithoutQuarantine(const WithoutQuarantine&) = delete;
  WithoutQuarantine& operator=(const WithoutQuarantine&) = delete;

 private:
  static constexpr char kName[] = "ASAN_OPTIONS";
  const std::string options_ = std::getenv(kName) == nullptr ? "" : std::getenv(kName);
};

class Export : public testing::Test {
 protected:
  struct Exported {
    grpc::Status status;
    std::vector<ExportUserResponse> messages;
  };

  // Reads the stream to its end. `on_message` is called after each message.
  Exported Run(
      const std::string& id, const std::string& token,
      const std::function<void(size_t)>& on_message = [](size_t) {}) {
    grpc::ClientContext context;
    Prepare(context, {.token = token, .timeout = absl::Minutes(2)});
    ExportUserRequest request;
    request.set_id(id);
    const auto reader = services_.users().ExportUser(&context, request);
    Exported exported;
    ExportUserResponse message;
    while (reader->Read(&message)) {
      exported.messages.push_back(message);
      on_message(exported.messages.size());
    }
    exported.status = reader->Finish();
    ExpectWellFormed(exported.status, "ExportUser", {});
    return exported;
  }

  // Inserts `count` jobs of the person, each with a result of `bytes` bytes.
  void MakeJobs(int count, int bytes) {
    database_.Run(
        "INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload, created_at) "
        "SELECT gen_random_uuid(), '" +
        person_.id + "', 'w', 'completed', to_jsonb(repeat('x', " + std::to_string(bytes) +
        ")), now() - i * interval '1 second' FROM generate_series(1, " + std::to_string(count) +
        ") AS i");
  }

  int64_t PeakKilobytes() {
    std::ifstream status("/proc/" + std::to_string(services_.user().process().pid()) + "/status");
    std::string line;
    while (std::getline(status, line)) {
      if (line.rfind("VmHWM:", 0) == 0) return std::stoll(line.substr(6));
    }
    return 0;
  }

  EmptiedDatabase database_;
  const WithoutQuarantine without_quarantine_;
  Services services_;
  const Person superuser_ = services_.CreateSuperuser();
  const Person person_ = services_.SignUp();
};

TEST_F(Export, HoldsTheUserAndEveryJobWithItsExactResult) {
  constexpr char kExact[] = R"({"n": 12345678901234567890.123456789})";
  const job::v1::ClaimedJob claimed = CreateAndClaim(services_, person_);
  ASSERT_TRUE(Complete(services_, claimed, kExact).ok());
  const job::v1::Job pending = CreateJob(services_, person_, "later");
  job::v1::CreateJobRequest with_input;
  with_input.set_workflow_id("later");
  with_input.set_input_json(kExact);
  ASSERT_TRUE(Call(services_.jobs(), &JobService::Stub::CreateJob, with_input,
                   {.token = person_.access_token})
                  .ok());
  CreateJob(services_, superuser_, "of another");
  const Exported exported = Run("me", person_.access_token);
  ASSERT_TRUE(exported.status.ok()) << Describe(exported.status);
  ASSERT_EQ(exported.messages.size(), 3);
  EXPECT_FALSE(exported.messages[1].complete());
  EXPECT_TRUE(exported.messages[2].complete());
  EXPECT_EQ(exported.messages[2].jobs_size(), 0);
  EXPECT_EQ(exported.messages[0].user().email(), person_.email);
  EXPECT_EQ(exported.messages[0].jobs_size(), 0);
  EXPECT_FALSE(exported.messages[1].has_user());
  ASSERT_EQ(exported.messages[1].jobs_size(), 3);
  const auto& first = exported.messages[1].jobs(0);
  EXPECT_EQ(first.id(), claimed.job().id());
  EXPECT_EQ(first.status(), "completed");
  EXPECT_EQ(first.result_json(), kExact);
  const auto& second = exported.messages[1].jobs(1);
  EXPECT_EQ(second.id(), pending.id());
  EXPECT_EQ(second.workflow_id(), "later");
  EXPECT_FALSE(second.has_result_json());
  EXPECT_EQ(second.created_at().seconds(), pending.created_at().seconds());
  EXPECT_EQ(second.updated_at().nanos(), pending.updated_at().nanos());
  EXPECT_THAT(exported.messages[1].jobs(2).result_json(), testing::HasSubstr(kExact));
  for (const auto& message : exported.messages) {
    EXPECT_EQ(message.SerializeAsString().find("$2b$"), std::string::npos);
  }
}

// A new column of a table must be in the export, or this test must name it as left out.
TEST_F(Export, HasAFieldForEveryColumnButTheHashAndTheOwner) {
  const auto fields_of = [](const google::protobuf::Descriptor& type) {
    std::set<std::string> fields;
    for (int i = 0; i < type.field_count(); ++i) fields.insert(type.field(i)->name());
    return fields;
  };
  const auto columns_of = [this](const std::string& table) {
    return database_.Column(
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = '" + table +
        "' AND table_schema = 'public'");
  };
  std::set<std::string> user = fields_of(*user::v1::User::descriptor());
  user.insert("hashed_password");
  EXPECT_EQ(user, columns_of("users"));
  std::set<std::string> job = fields_of(*user::v1::ExportedJob::descriptor());
  job.erase("result_json");
  job.insert({"result_payload", "user_id"});
  EXPECT_EQ(job, columns_of("agent_jobs"));
}

TEST_F(Export, IsForOneselfAndSuperusers) {
  EXPECT_TRUE(Run(person_.id, superuser_.access_token).status.ok());
  EXPECT_EQ(Reason(Run(superuser_.id, person_.access_token).status), "NOT_YOURS");
  EXPECT_EQ(Reason(Run(NewUuid(), person_.access_token).status), "NOT_YOURS");
  EXPECT_EQ(Reason(Run(NewUuid(), superuser_.access_token).status), "USER_NOT_FOUND");
  EXPECT_EQ(Reason(Run(person_.id, services_.service_token()).status), "ROLE_REQUIRED");
  EXPECT_EQ(Reason(Run("me", "").status), "TOKEN_MISSING");
  EXPECT_EQ(BadFields(Run("", superuser_.access_token).status), std::set<std::string>{"id"});
}

TEST_F(Export, ManyJobsComeOnceInOrderInMessagesThatClientsTake) {
  MakeJobs(5'000, 10);
  MakeJobs(7, 700'000);
  MakeJobs(2, 1'500'000);
  const Exported exported = Run("me", person_.access_token);
  ASSERT_TRUE(exported.status.ok()) << Describe(exported.status);
  std::set<std::string> ids;
  std::pair<int64_t, int32_t> last{0, 0};
  for (const auto& message : exported.messages) {
    EXPECT_TRUE(message.ByteSizeLong() < (5 << 20) / 4 || message.jobs_size() == 1);
    EXPECT_EQ(message.complete(), &message == &exported.messages.back());
    for (const auto& job : message.jobs()) {
      ids.insert(job.id());
      const std::pair<int64_t, int32_t> made{job.created_at().seconds(), job.created_at().nanos()};
      EXPECT_LE(last, made);
      last = made;
    }
  }
  EXPECT_EQ(ids.size(), 5'009U);
  EXPECT_LT(exported.messages.size(), 60U);
}

TEST_F(Export, AReaderThatDoesNotReadHoldsNeitherMemoryNorConnections) {
  MakeJobs(100, 1'000'000);
  const int64_t before = PeakKilobytes();
  bool looked = false;
  const Exported exported = Run("me", person_.access_token, [&](size_t messages) {
    if (messages != 3 || looked) return;
    looked = true;
    // While the client does not read, no statement runs and other calls are served.
    EXPECT_TRUE(Eventually(absl::Seconds(10), [this] {
      return database_.One(
                 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'user_service' "
                 "AND state <> 'idle'") == "0";
    }));
    EXPECT_EQ(services_.LogIn(person_.email, person_.password).id, person_.id);
  });
  EXPECT_TRUE(exported.status.ok()) << Describe(exported.status);
  EXPECT_TRUE(looked);
  EXPECT_EQ(exported.messages.size(), 102U);
  EXPECT_LT(PeakKilobytes() - before, 48 << 10);
}

TEST_F(Export, AClientThatGoesAwayEndsTheReads) {
  MakeJobs(200, 1'000'000);
  {
    grpc::ClientContext context;
    Prepare(context, {.token = person_.access_token});
    ExportUserRequest request;
    request.set_id("me");
    const auto reader = services_.users().ExportUser(&context, request);
    ExportUserResponse message;
    ASSERT_TRUE(reader->Read(&message));
    ASSERT_TRUE(reader->Read(&message));
    context.TryCancel();
    while (reader->Read(&message)) continue;
    EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
  }
  // The handler ends at once: it does not wait for a write timeout, and reads no more jobs.
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] {
    return services_.user().log().find(R"("rpc_method":"ExportUser","code":"CANCELLED")") !=
           std::string::npos;
  })) << services_.user().log();
}

TEST_F(Export, ACallerWhoIsBannedMeanwhileGetsNoMore) {
  MakeJobs(100, 1'000'000);
  const Exported exported = Run("me", person_.access_token, [&](size_t messages) {
    if (messages != 2) return;
    database_.Run("UPDATE users SET is_active = false WHERE id = '" + person_.id + "'");
    EXPECT_TRUE(Eventually(absl::Seconds(10), [&] {
      user::v1::GetUserRequest request;
      request.set_id("me");
      return !Call(services_.users(), &UserService::Stub::GetUser, request,
                   {.token = person_.access_token})
                  .ok();
    }));
  });
  EXPECT_EQ(exported.status.error_code(), grpc::UNAUTHENTICATED);
  EXPECT_EQ(Reason(exported.status), "ACCOUNT_INACTIVE");
  EXPECT_FALSE(exported.messages.back().complete());
  EXPECT_LT(exported.messages.size(), 60U);
}

}  // namespace
}  // namespace vibestack::e2e
