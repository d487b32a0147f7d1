// Signing keys are added and removed while both services run.
#include <filesystem>

#include "tests/e2e/auth/mail/mail_fixture.h"

namespace vibestack::e2e {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(20);

class KeyRotation : public MailTest {
 protected:
  std::string keys() const { return services_.directory() + "/keys"; }

  std::set<std::string> KeyFiles() const {
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(keys())) {
      if (file.path().extension() == ".pem") names.insert(file.path().stem());
    }
    return names;
  }
  // Issues a new token for job_service, as an operator does before removing the old token's key.
  void RenewServiceToken() {
    const Finished issued = services_.RunUserService({"issue-service-token", "--name=e2e"});
    ASSERT_EQ(issued.exit_code, 0) << issued.standard_error;
    WriteFile(services_.directory() + "/service.token", issued.standard_output);
    services_.job().process().Kill();
    services_.job().Start();
    services_.job().AwaitReady();
  }
  // job_service fetches keys when a token names an unknown key, and otherwise twice a minute.
  void MakeJobServiceAskForKeys() {
    const TemporaryDirectory other;
    const std::string flag = "--keys_dir=" + other.path();
    const std::string program = RequiredEnvironment("VIBESTACK_E2E_USER_SERVICE");
    ASSERT_EQ(RunToEnd(program, {"create-keys", flag}).exit_code, 0);
    std::string token =
        RunToEnd(program, {"issue-service-token", "--name=x", flag}).standard_output;
    token.pop_back();  // the end of the line
    EXPECT_EQ(ListJobs(token).reason(), "TOKEN_INVALID");
  }
  // Adds a key whose name sorts last, so that it signs.
  void AddKey() {
    const TemporaryDirectory fresh;
    const Finished made = RunToEnd(RequiredEnvironment("VIBESTACK_E2E_USER_SERVICE"),
                                   {"create-keys", "--keys_dir=" + fresh.path()});
    ASSERT_EQ(made.exit_code, 0) << made.standard_error;
    for (const auto& file : std::filesystem::directory_iterator(fresh.path())) {
      if (file.path().extension() != ".pem") continue;
      WriteFile(keys() + "/.new", ReadFile(file.path()));
      std::filesystem::rename(keys() + "/.new", keys() + "/zz-" + file.path().filename().string());
    }
  }
  std::set<std::string> ServedKeys() {
    std::set<std::string> kids;
    const auto jwks =
        Call(services_.auth(), &AuthService::Stub::GetJwks, user::v1::GetJwksRequest());
    for (const auto& key : jwks.value.keys()) kids.insert(key.kid());
    return kids;
  }
  // Whether both services accept, or refuse, the token.
  bool IsTaken(const std::string& access_token) {
    return GetMe(access_token).ok() && ListJobs(access_token).ok();
  }
  bool IsRefused(const std::string& access_token) {
    return GetMe(access_token).reason() == "TOKEN_INVALID" &&
           ListJobs(access_token).reason() == "TOKEN_INVALID";
  }
};

TEST_F(KeyRotation, RetiredKeyVerifiesUntilItIsRemoved) {
  const Person person = services_.SignUp();
  const std::set<std::string> old_keys = KeyFiles();
  AddKey();
  ASSERT_TRUE(Eventually(kLimit, [&] { return ServedKeys() == KeyFiles(); }));
  ASSERT_EQ(ServedKeys().size(), 2U);
  const Person later = services_.LogIn(person.email, person.password);
  // The header contains the kid, so tokens of different keys have different headers.
  const auto header = [](const std::string& token) { return token.substr(0, token.find('.')); };
  EXPECT_NE(header(later.access_token), header(person.access_token));
  EXPECT_TRUE(Eventually(kLimit, [&] { return IsTaken(later.access_token); }));
  EXPECT_TRUE(IsTaken(person.access_token));
  EXPECT_TRUE(Refresh(person.refresh_token).ok());

  RenewServiceToken();
  std::filesystem::remove(keys() + "/" + *old_keys.begin() + ".pem");
  EXPECT_TRUE(Eventually(kLimit, [&] { return ServedKeys() == KeyFiles(); }));
  MakeJobServiceAskForKeys();
  EXPECT_TRUE(Eventually(kLimit, [&] { return IsRefused(person.access_token); }));
  EXPECT_EQ(Refresh(person.refresh_token).reason(), "TOKEN_INVALID");
  EXPECT_TRUE(IsTaken(later.access_token));
}

}  // namespace
}  // namespace vibestack::e2e
