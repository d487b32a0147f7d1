// Page tokens: a token is valid only for its list with the same filters, and every other text is
// refused.
#include "absl/strings/escaping.h"
#include "tests/e2e/wire/input/input_fixture.h"

namespace vibestack::e2e {
namespace {

class PageToken : public InputTest {
 protected:
  static void SetUpTestSuite() {
    InputTest::SetUpTestSuite();
    for (int i = 0; i < 5; ++i) {
      CreateJob(*services_, *user_, "paged");
      services_->SignUp("page" + std::to_string(i) + NewUuid() + "@example.org");
    }
  }

  static Result<job::v1::ListJobsResponse> ListJobs(const job::v1::ListJobsRequest& request,
                                                    const With& with = AsUser()) {
    return Call(services_->jobs(), &JobService::Stub::ListJobs, request, with);
  }

  static Result<user::v1::ListUsersResponse> ListUsers(const user::v1::ListUsersRequest& request) {
    return Call(services_->users(), &UserService::Stub::ListUsers, request, AsSuperuser());
  }

  static job::v1::ListJobsRequest FirstPage() {
    job::v1::ListJobsRequest request;
    request.set_page_size(2);
    request.set_workflow_id("paged");
    return request;
  }

  // The same list from its second page on.
  static job::v1::ListJobsRequest SecondPage() {
    job::v1::ListJobsRequest request = FirstPage();
    request.set_page_token(ListJobs(request).value.next_page_token());
    EXPECT_FALSE(request.page_token().empty());
    return request;
  }
};

TEST_F(PageToken, PagesTogetherAreTheWholeListOnce) {
  for (const bool oldest_first : {false, true}) {
    job::v1::ListJobsRequest request = FirstPage();
    request.set_oldest_first(oldest_first);
    std::vector<std::string> ids;
    std::vector<int> sizes;
    do {
      const auto page = ListJobs(request);
      ASSERT_THAT(page, IsOk());
      sizes.push_back(page.value.jobs_size());
      for (const auto& job : page.value.jobs()) ids.push_back(job.id());
      EXPECT_EQ(page.value.has_continues_at(), !page.value.next_page_token().empty());
      if (page.value.has_continues_at()) {
        EXPECT_EQ(page.value.continues_at().DebugString(),
                  page.value.jobs().rbegin()->created_at().DebugString());
      }
      request.set_page_token(page.value.next_page_token());
    } while (!request.page_token().empty() && sizes.size() < 10);
    EXPECT_THAT(sizes, testing::ElementsAre(2, 2, 1));
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 5U);
  }
}

TEST_F(PageToken, TokenWithOtherFiltersIsRefused) {
  const job::v1::ListJobsRequest second = SecondPage();
  EXPECT_THAT(ListJobs(second), IsOk());
  auto request = second;
  request.set_workflow_id("other");
  EXPECT_THAT(ListJobs(request), IsRefusedFor("page_token"));
  request = second;
  request.set_status(job::v1::Job::PENDING);
  EXPECT_THAT(ListJobs(request), IsRefusedFor("page_token"));
  request = second;
  request.set_oldest_first(true);
  EXPECT_THAT(ListJobs(request), IsRefusedFor("page_token"));
  request = second;
  request.mutable_created_before()->set_seconds(4'000'000'000);
  EXPECT_THAT(ListJobs(request), IsRefusedFor("page_token"));
  request = second;
  request.set_page_size(5);
  EXPECT_THAT(ListJobs(request), IsOk());
}

TEST_F(PageToken, TokenOfUsersWithOtherFiltersIsRefused) {
  user::v1::ListUsersRequest second;
  second.set_page_size(1);
  second.set_page_token(ListUsers(second).value.next_page_token());
  ASSERT_FALSE(second.page_token().empty());
  using Filter = void (*)(user::v1::ListUsersRequest&);
  const std::pair<const char*, Filter> filters[] = {
      {"email_prefix", [](auto& request) { request.set_email_prefix("a"); }},
      {"full_name_prefix", [](auto& request) { request.set_full_name_prefix("a"); }},
      {"is_active", [](auto& request) { request.set_is_active(true); }},
      {"is_superuser", [](auto& request) { request.set_is_superuser(false); }},
      {"created_after", [](auto& request) { request.mutable_created_after()->set_seconds(1); }},
      {"created_before",
       [](auto& request) { request.mutable_created_before()->set_seconds(4'000'000'000); }},
      {"oldest_first", [](auto& request) { request.set_oldest_first(true); }}};
  for (const auto& [name, filter] : filters) {
    user::v1::ListUsersRequest request = second;
    filter(request);
    EXPECT_THAT(ListUsers(request), IsRefusedFor("page_token")) << name;
  }
  EXPECT_THAT(ListUsers(second), IsOk());
}

TEST_F(PageToken, TokenOfAnotherListOrAnotherCallerIsRefused) {
  user::v1::ListUsersRequest users;
  users.set_page_size(1);
  users.set_page_token(ListUsers(users).value.next_page_token());
  ASSERT_FALSE(users.page_token().empty());
  EXPECT_THAT(ListUsers(users), IsOk());
  job::v1::ListJobsRequest jobs;
  jobs.set_page_token(users.page_token());
  EXPECT_THAT(ListJobs(jobs), IsRefusedFor("page_token"));
  const Person other = services_->SignUp();
  EXPECT_THAT(ListJobs(SecondPage(), {.token = other.access_token}), IsRefusedFor("page_token"));
}

TEST_F(PageToken, NothingElsePassesForAToken) {
  const job::v1::ListJobsRequest second = SecondPage();
  const std::string& token = second.page_token();
  auto request = second;
  for (const std::string& wrong :
       {std::string("x"), std::string("AAAA"), token + "A", token + "=", token + token, " " + token,
        token + " ", token + "\n", std::string(100, 'A'), std::string(60'000, 'A'),
        std::string("' OR 1=1 --"), std::string("%"), token.substr(1)}) {
    request.set_page_token(wrong);
    EXPECT_THAT(ListJobs(request), IsRefusedFor("page_token")) << wrong.substr(0, 100);
  }
  for (size_t length = 1; length < token.size(); length += 3) {
    request.set_page_token(token.substr(0, length));
    EXPECT_THAT(ListJobs(request), IsRefusedFor("page_token")) << length;
  }
}

TEST_F(PageToken, FlippedBitIsRefused) {
  auto request = SecondPage();
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(request.page_token(), &bytes));
  for (size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    request.set_page_token(absl::WebSafeBase64Escape(flipped));
    EXPECT_THAT(ListJobs(request), IsRefusedFor("page_token")) << bit;
  }
}

TEST_F(PageToken, ChangedCharacterIsRefused) {
  auto request = SecondPage();
  const std::string token = request.page_token();
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    request.set_page_token(changed);
    EXPECT_THAT(ListJobs(request), IsRefusedFor("page_token")) << i;
  }
}

TEST_F(PageToken, NegativePageSizeIsRefusedAndAHugeOneIsCut) {
  for (const int size : {-1, INT32_MIN}) {
    auto request = FirstPage();
    request.set_page_size(size);
    EXPECT_THAT(ListJobs(request), IsRefusedFor("page_size"));
    user::v1::ListUsersRequest users;
    users.set_page_size(size);
    EXPECT_THAT(ListUsers(users), IsRefusedFor("page_size"));
  }
  auto request = FirstPage();
  request.set_page_size(INT32_MAX);
  const auto all = ListJobs(request);
  ASSERT_THAT(all, IsOk());
  EXPECT_EQ(all.value.jobs_size(), 5);
  EXPECT_TRUE(all.value.next_page_token().empty());
}

TEST_F(PageToken, PrefixSearchTakesWildcardsLiterally) {
  user::v1::ListUsersRequest request;
  request.set_email_prefix("PAGE");
  EXPECT_EQ(ListUsers(request).value.users_size(), 5);
  for (const char* prefix : {"page%", "p_ge", "%", "_", "page\\", "page'", "\\"}) {
    request.set_email_prefix(prefix);
    const auto none = ListUsers(request);
    ASSERT_THAT(none, IsOk()) << prefix;
    EXPECT_EQ(none.value.users_size(), 0) << prefix;
  }
}

}  // namespace
}  // namespace vibestack::e2e
