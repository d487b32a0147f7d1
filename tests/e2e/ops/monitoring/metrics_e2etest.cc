// /metrics: it has every metric of deploy/METRICS.md and no other, its counts are right, and no
// label has a text of a caller.
#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <tuple>

#include "tests/support/database.h"
#include "tests/support/http_receiver.h"
#include "tests/support/metrics.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

// A metric's type and the names of its labels.
using Shape = std::pair<std::string, std::set<std::string>>;
using Shapes = std::map<std::string, Shape>;

std::set<std::string> Matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) {
    found.insert((*it)[1]);
  }
  return found;
}

// The metrics of a service in the table of deploy/METRICS.md.
Shapes ReadReference(const std::string& service) {
  std::istringstream lines(
      ReadFile(RequiredEnvironment("VIBESTACK_E2E_ROOT") + "/deploy/METRICS.md"));
  const std::regex row(R"(\| `(\w+)` \| (\w+) \| ([^|]*)\| (\w+) \| .+ \|)");
  Shapes shapes;
  std::smatch cells;
  for (std::string line; std::getline(lines, line);) {
    if (!std::regex_match(line, cells, row)) continue;
    if (cells[4] != "both" && cells[4] != service) continue;
    shapes[cells[1]] = {cells[2], Matches(cells[3], R"(`(\w+)`)")};
  }
  return shapes;
}

// The metrics in a scrape.
Shapes ReadScrape(const std::string& scraped) {
  std::istringstream lines(scraped);
  const std::regex type(R"(# TYPE (\w+) (\w+))");
  const std::regex sample(R"(\w+\{(.*)\} \S+)");
  Shapes shapes;
  std::string name;
  std::smatch parts;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (std::regex_match(line, parts, type)) {
      name = parts[1];
      shapes[name].first = parts[2];
    } else if (!name.empty() && std::regex_match(line, parts, sample)) {
      for (const std::string& label : Matches(parts[1], R"re((\w+)=")re")) {
        if (label != "le") shapes[name].second.insert(label);
      }
    }
  }
  return shapes;
}

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() {
    WriteFile(directory_.path() + "/secret", "0123456789abcdef");
    WriteFile(directory_.path() + "/workflows.json",
              R"({"workflows": [{"id": "pushed", "push": {"url": ")" + receiver_.url() + "\"}}]}");
    const std::string standby = "--read_database_url=" + DatabaseUrl();
    services_ = std::make_unique<Services>(Services::Options{
        .user_flags = {"--webhook_url=" + receiver_.url(),
                       "--webhook_secret_file=" + directory_.path() + "/secret",
                       "--login_failures_per_account_and_address=3", standby},
        .job_flags = {"--workflows_file=" + directory_.path() + "/workflows.json",
                      "--callback_base_url=http://gateway.test", "--sweep_interval=50ms", standby},
        .callback_keys = true});
  }

  Result<user::v1::TokenResponse> LogIn(const std::string& email, const std::string& password) {
    user::v1::LoginRequest request;
    request.set_email(email);
    request.set_password(password);
    return Call(services_->auth(), &AuthService::Stub::Login, request);
  }
  double Logins(const std::string& outcome) {
    return services_->user().Metric("vibestack_logins_total{outcome=\"" + outcome + "\"}");
  }
  // Waits until a series of a service reaches this value. Returns false after 20 seconds.
  static bool Reaches(Service& service, const std::string& series, double value) {
    return Eventually(absl::Seconds(20), [&] { return service.Metric(series) >= value; });
  }

  EmptiedDatabase database_;
  TemporaryDirectory directory_;
  HttpReceiver receiver_;
  std::unique_ptr<Services> services_;
};

TEST_F(MetricsTest, TheReferenceNamesEveryMetricAndNoOther) {
  const Person person = services_->SignUp();
  CreateJob(*services_, person, "pulled");
  for (Service* service : {&services_->user(), &services_->job()}) {
    const std::string name = service == &services_->user() ? "user_service" : "job_service";
    Shapes reference = ReadReference(name);
    // Only services with TLS have this metric; tls_e2etest reads it.
    EXPECT_EQ(reference.erase("vibestack_tls_certificate_not_after_seconds"), 1U);
    EXPECT_EQ(ReadScrape(service->Scrape()), reference) << name;
  }
}

TEST_F(MetricsTest, EveryMetricHasAHelpText) {
  for (Service* service : {&services_->user(), &services_->job()}) {
    const std::string scraped = service->Scrape();
    const std::set<std::string> helped = Matches(scraped, R"(# HELP (\w+) \S)");
    EXPECT_GT(helped.size(), 15U);
    EXPECT_EQ(helped, Matches(scraped, R"(# TYPE (\w+) )"));
  }
}

TEST_F(MetricsTest, LoginsAreCountedByOutcome) {
  const Person person = services_->SignUp();
  EXPECT_EQ(Logins("ok"), 1);
  LogIn("nobody@example.com", person.password);
  EXPECT_EQ(Logins("unknown_email"), 1);
  for (int i = 0; i < 3; ++i) LogIn(person.email, "wrong horse");
  EXPECT_EQ(Logins("wrong_password"), 3);
  EXPECT_EQ(LogIn(person.email, person.password).reason(), "TOO_MANY_ATTEMPTS");
  EXPECT_EQ(Logins("limited"), 1);
  const Person banned = services_->SignUp();
  database_.Run("UPDATE users SET is_active = false WHERE id = " + database_.Quote(banned.id));
  LogIn(banned.email, banned.password);
  EXPECT_EQ(Logins("inactive"), 1);
  EXPECT_GE(services_->user().Metric("vibestack_password_hashes_total{outcome=\"done\"}"), 7);
}

TEST_F(MetricsTest, WhatBecomesOfJobsIsCounted) {
  Service& job = services_->job();
  const Person person = services_->SignUp();
  const job::v1::ClaimedJob late = CreateAndClaim(*services_, person);
  RunUnnoticed("UPDATE agent_jobs SET updated_at = updated_at - interval '2 minutes'");
  ASSERT_TRUE(Reaches(job, "vibestack_swept_jobs_total{what=\"leases_ran_out\"}", 1));
  EXPECT_EQ(Complete(*services_, late, "1").reason(), "LEASE_LOST");
  ASSERT_TRUE(Complete(*services_, ClaimJob(*services_, late.job().workflow_id()), "1").ok());
  EXPECT_EQ(job.Metric("vibestack_jobs_created_total"), 1);
  EXPECT_EQ(job.Metric("vibestack_jobs_claimed_total"), 2);
  EXPECT_EQ(job.Metric("vibestack_claims_total{outcome=\"jobs\"}"), 2);
  EXPECT_EQ(job.Metric("vibestack_leases_lost_total{call=\"finish\"}"), 1);
  EXPECT_EQ(job.Metric("vibestack_jobs_finished_total{status=\"completed\"}"), 1);
  EXPECT_GT(job.Metric("vibestack_sweeps_total{outcome=\"ok\",what=\"leases_ran_out\"}"), 0);
  EXPECT_GT(job.Metric("vibestack_account_cache_lookups_total{outcome=\"miss\"}"), 0);
  const std::string scraped = job.Scrape();
  EXPECT_GT(MetricIn(scraped, "vibestack_db_use_seconds_count"), 3);
  EXPECT_EQ(MetricIn(scraped, "vibestack_db_use_seconds_count"),
            MetricIn(scraped, "vibestack_db_wait_seconds_count"));
}

TEST_F(MetricsTest, PostsToWorkflowsAreCounted) {
  Service& job = services_->job();
  EXPECT_THAT(job.Scrape(), HasSubstr("vibestack_dispatch_attempts_total{outcome=\"accepted\","
                                      "workflow_id=\"pushed\"} 0"));
  CreateJob(*services_, services_->SignUp(), "pushed");
  EXPECT_TRUE(Reaches(
      job, "vibestack_dispatch_attempts_total{outcome=\"accepted\",workflow_id=\"pushed\"}", 1));
  EXPECT_EQ(job.Metric("vibestack_dispatch_duration_seconds_count{workflow_id=\"pushed\"}"), 1);
}

TEST_F(MetricsTest, JobsInTheDatabaseAreCountedWithTheAgeOfTheOldest) {
  Service& job = services_->job();
  EXPECT_EQ(job.Metric("vibestack_oldest_pending_job_age_seconds"), 0);
  const std::string id = CreateJob(*services_, services_->SignUp(), "pulled").id();
  database_.Run("UPDATE agent_jobs SET created_at = created_at - interval '1 hour'");
  EXPECT_TRUE(Reaches(job, "vibestack_jobs{status=\"pending\"}", 1));
  EXPECT_TRUE(Reaches(job, "vibestack_oldest_pending_job_age_seconds", 3'600));
}

TEST_F(MetricsTest, AListenerThatCameBackIsCounted) {
  Service& job = services_->job();
  ASSERT_TRUE(Reaches(job, "vibestack_listener_connects_total", 1));
  database_.Run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE application_name = 'job_service_listener'");
  EXPECT_TRUE(Reaches(job, "vibestack_listener_connects_total", 2));
  EXPECT_TRUE(Reaches(job, "vibestack_listener_connected", 1));
}

TEST_F(MetricsTest, NothingThatCallersChooseIsInALabel) {
  const Person person = services_->SignUp();
  LogIn(person.email, "wrong horse");
  const std::string workflow = "chosen-by-a-caller";
  const std::string id = CreateJob(*services_, person, workflow).id();
  ASSERT_TRUE(Complete(*services_, ClaimJob(*services_, workflow), "1").ok());
  for (Service* service : {&services_->user(), &services_->job()}) {
    const std::string scraped = service->Scrape();
    ASSERT_THAT(scraped, HasSubstr("vibestack_rpc_handled_total"));
    for (const std::string& secret : {person.id, person.email, workflow, id}) {
      EXPECT_THAT(scraped, Not(HasSubstr(secret)));
    }
  }
}

}  // namespace
}  // namespace vibestack::e2e
