// Text that cannot be stored, in every text field of every method.
#include <google/protobuf/stubs/logging.h>

#include "tests/e2e/wire/input/input_fixture.h"
#include "tests/e2e/wire/input/request_fields.h"

namespace vibestack::e2e {
namespace {

using google::protobuf::MethodDescriptor;
using std::string_literals::operator""s;

class Text : public InputTest {
 protected:
  static void SetUpTestSuite() {
    InputTest::SetUpTestSuite();
    google::protobuf::SetLogHandler(nullptr);  // it would log the invalid UTF-8 of this test
  }

  static void ExpectRefused(const MethodDescriptor& method, const TextField& field,
                            const std::string& value, const std::string& what) {
    const auto result = Send(method, field.Request(value));
    const std::string where = PathOf(method) + " " + field.name() + " with " + what;
    EXPECT_EQ(result.code(), grpc::INVALID_ARGUMENT) << where << ": " << Describe(result.status);
    bool named = false;
    for (const std::string& bad : BadFields(result.status)) named = named || field.IsNamedBy(bad);
    EXPECT_TRUE(named) << where << ": " << Describe(result.status);
  }
};

TEST_F(Text, InvalidUtf8IsRefusedInEveryTextField) {
  int fields = 0;
  for (const MethodDescriptor* method : AllMethods()) {
    for (const TextField& field : TextFieldsOf(*method->input_type())) {
      ++fields;
      ExpectRefused(*method, field, "a\xff", "a stray byte");
      ExpectRefused(*method, field, "\xc0\xaf", "an overlong form");
      ExpectRefused(*method, field, "\xed\xa0\x80", "a surrogate");
      ExpectRefused(*method, field, "\xf4\x90\x80\x80", "a value past Unicode");
      ExpectRefused(*method, field, "a\xe2\x82", "a character cut short");
    }
  }
  EXPECT_GE(fields, 50);
}

TEST_F(Text, NulIsRefusedInEveryTextField) {
  for (const MethodDescriptor* method : AllMethods()) {
    for (const TextField& field : TextFieldsOf(*method->input_type())) {
      ExpectRefused(*method, field, "a\0b"s, "NUL");
      ExpectRefused(*method, field, "\0"s, "only NUL");
    }
  }
}

TEST_F(Text, NulAtTheEndOfWhatWouldBeValidIsRefused) {
  user::v1::GetUserRequest get;
  get.set_id(user_->id + "\0"s);
  EXPECT_THAT(Call(services_->users(), &UserService::Stub::GetUser, get, AsSuperuser()),
              IsRefusedFor("id"));
  user::v1::GetUserByEmailRequest by_email;
  by_email.set_email(user_->email + "\0"s);
  EXPECT_THAT(Call(services_->users(), &UserService::Stub::GetUserByEmail, by_email, AsSuperuser()),
              IsRefusedFor("email"));
  user::v1::SignUpRequest sign_up;
  sign_up.set_email(NewUuid() + "@example.org\0.evil"s);
  sign_up.set_password("correct horse\0 battery"s);
  const auto refused = Call(services_->auth(), &AuthService::Stub::SignUp, sign_up);
  EXPECT_THAT(refused, IsRefusedFor("email"));
  EXPECT_THAT(refused, IsRefusedFor("password"));
}

TEST_F(Text, TooLongTextIsRefusedInEveryTextField) {
  for (const MethodDescriptor* method : AllMethods()) {
    for (const TextField& field : TextFieldsOf(*method->input_type())) {
      if (!field.InJson())
        ExpectRefused(*method, field, std::string(70'000, 'a'), "70,000 letters");
    }
  }
}

}  // namespace
}  // namespace vibestack::e2e
