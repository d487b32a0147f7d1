// These services verify hashes of Python's bcrypt and passlib, and the other way round.
#include <gmock/gmock.h>

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/support/database.h"
#include "tests/support/services.h"

namespace vibestack::e2e {
namespace {

class PythonHashes : public testing::Test {
 protected:
  static Finished Python(std::vector<std::string> arguments, const std::string& password) {
    const std::string root = RequiredEnvironment("VIBESTACK_E2E_ROOT");
    arguments.insert(arguments.begin(), root + "/tests/support/python_hashes.py");
    arguments.emplace_back(absl::BytesToHexString(password));
    return RunToEnd(root + "/.local/venv/bin/python", std::move(arguments));
  }

  std::string LogIn(const std::string& email, const std::string& password) {
    user::v1::LoginRequest request;
    request.set_email(email);
    request.set_password(password);
    return Call(services_.auth(), &AuthService::Stub::Login, request).reason();
  }

  // Passwords: plain, of 72 bytes, with multi-byte characters, and both; each with another one that
  // differs in the last byte.
  const std::vector<std::pair<std::string, std::string>> kPasswords = {
      {"correct horse", "correct horsf"},
      {std::string(72, 'x'), std::string(71, 'x') + "y"},
      {"Pässwörd €\xf0\x9f\xa6\x89", "Pässwörd €\xf0\x9f\xa6\x8a"},
      {std::string(69, 'x') + "\xe2\x82\xac", std::string(69, 'x') + "\xe2\x82\xad"}};
  Services services_;
  Database database_;
};

TEST_F(PythonHashes, TheirsLogInHere) {
  for (const std::string library : {"bcrypt", "passlib"}) {
    for (const std::string prefix : {"$2a$", "$2b$", "$2y$"}) {
      for (const auto& [password, other] : kPasswords) {
        const std::string what = absl::StrCat(library, prefix, password);
        const Finished made = Python({"hash", library, prefix}, password);
        ASSERT_EQ(made.exit_code, 0) << made.standard_error;
        const std::string hash = made.standard_output.substr(0, 60);
        ASSERT_EQ(hash.substr(0, 4), prefix) << what;
        const std::string email = NewUuid() + "@example.org";
        database_.Run("INSERT INTO users (id, email, hashed_password) VALUES ('" + NewUuid() +
                      "', '" + email + "', " + database_.Quote(hash) + ")");
        EXPECT_EQ(LogIn(email, password), "") << what;
        EXPECT_EQ(LogIn(email, other), "INVALID_CREDENTIALS") << what;
      }
    }
  }
}

TEST_F(PythonHashes, OursAreVerifiedThere) {
  for (const auto& [password, other] : kPasswords) {
    user::v1::SignUpRequest request;
    request.set_email(NewUuid() + "@example.org");
    request.set_password(password);
    const auto user = Call(services_.auth(), &AuthService::Stub::SignUp, request);
    ASSERT_TRUE(user.ok()) << Describe(user.status);
    const std::string hash =
        database_.One("SELECT hashed_password FROM users WHERE id = '" + user.value.id() + "'");
    const Finished verified = Python({"verify", hash}, password);
    EXPECT_EQ(verified.exit_code, 0) << password << verified.standard_error;
    EXPECT_EQ(Python({"verify", hash}, other).exit_code, 1) << password;
  }
}

}  // namespace
}  // namespace vibestack::e2e
