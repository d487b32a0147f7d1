#ifndef VIBESTACK_TESTS_E2E_WIRE_INPUT_INPUT_FIXTURE_H_
#define VIBESTACK_TESTS_E2E_WIRE_INPUT_INPUT_FIXTURE_H_

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <utility>

#include "tests/support/walk.h"
#include "vibestack/options/v1/access.pb.h"

namespace vibestack::e2e {

// Both services, a superuser and a plain user, shared by the tests of a suite. After each test both
// services must still work.
class InputTest : public testing::Test {
 protected:
  // Starts new services for each suite. The suites of one program run one after the other.
  static void SetUpTestSuite() { SetUpWith({}); }
  static void SetUpWith(Services::Options options) {
    services_ = new Services(std::move(options));
    superuser_ = new Person(services_->CreateSuperuser());
    user_ = new Person(services_->SignUp());
  }
  static void TearDownTestSuite() {
    delete user_;
    delete superuser_;
    delete services_;
  }

  void TearDown() override {
    EXPECT_TRUE(services_->user().IsReady());
    EXPECT_TRUE(services_->job().IsReady());
    EXPECT_FALSE(services_->user().process().ExitCode().has_value());
    EXPECT_FALSE(services_->job().process().ExitCode().has_value());
  }

  // Sends bytes to a method, as a caller whom the method admits.
  static Result<std::string> Send(const google::protobuf::MethodDescriptor& method,
                                  const std::string& bytes) {
    // A superuser is a user, too; some methods are for services only.
    bool superusers = false;
    bool services = false;
    for (const int role : method.options().GetExtension(options::v1::access).allow()) {
      superusers = superusers || role == options::v1::SUPERUSER;
      services = services || role == options::v1::SERVICE;
    }
    Service& service = IsOfJobService(method) ? services_->job() : services_->user();
    return CallRaw(
        service.channel(), PathOf(method), bytes,
        {.token = superusers || !services ? superuser_->access_token : services_->service_token()});
  }

  static With AsUser() { return {.token = user_->access_token}; }
  static With AsSuperuser() { return {.token = superuser_->access_token}; }
  static With AsService() { return {.token = services_->service_token()}; }

  static Services* services_;
  static Person* superuser_;
  static Person* user_;
};

inline Services* InputTest::services_ = nullptr;
inline Person* InputTest::superuser_ = nullptr;
inline Person* InputTest::user_ = nullptr;

// Whether a call was refused with INVALID_ARGUMENT that names this field.
MATCHER_P(IsRefusedFor, field, "") {
  return arg.code() == grpc::INVALID_ARGUMENT && BadFields(arg.status).count(field) == 1;
}

// Whether a call succeeded.
MATCHER(IsOk, "") { return arg.ok(); }

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_WIRE_INPUT_INPUT_FIXTURE_H_
