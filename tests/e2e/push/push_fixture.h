#ifndef VIBESTACK_TESTS_E2E_PUSH_PUSH_FIXTURE_H_
#define VIBESTACK_TESTS_E2E_PUSH_PUSH_FIXTURE_H_

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/support/database.h"
#include "tests/support/http_receiver.h"
#include "tests/support/walk.h"

namespace vibestack::e2e {

// The services with one workflow, `pushed`, that posts to a real HTTP receiver.
class PushTest : public testing::Test {
 protected:
  using Received = HttpReceiver::Received;
  using Reply = HttpReceiver::Reply;

  ~PushTest() override {
    // A test that failed may have left a handler waiting.
    if (!released_.HasBeenNotified()) released_.Notify();
    services_.reset();
  }

  // Begins with a receiver that answers as `handler` does, and `push` as more members of the
  // workflow's `push`, such as `, "timeout": "1s"`.
  void Serve(HttpReceiver::Handler handler, const std::string& push = "", int replicas = 1,
             const std::vector<std::string>& more_flags = {}) {
    receiver_ = std::make_unique<HttpReceiver>(std::move(handler));
    ServeFile(FileWith(Entry("pushed", receiver_->url(), push, workflow_)), replicas, more_flags);
  }
  void ServeFile(const std::string& workflows, int replicas = 1,
                 const std::vector<std::string>& more_flags = {}) {
    std::vector<std::string> flags = {"--workflows_file=" + file(), "--sweep_interval=100ms",
                                      "--poll_interval=500ms",
                                      "--callback_base_url=http://gateway.test/"};
    flags.insert(flags.end(), more_flags.begin(), more_flags.end());
    WriteFile(file(), workflows);
    Database().Run("DELETE FROM agent_jobs");
    services_ = std::make_unique<Services>(Services::Options{
        .job_flags = std::move(flags), .job_replicas = replicas, .callback_keys = true});
    person_ = services_->SignUp();
  }
  // The same with a receiver that keeps the first request waiting until `released_`, for longer
  // than the workflow's timeout of a second, and answers the others at once.
  void ServeFirstTooLate() {
    Serve(
        [this](const Received&) {
          if (asked_++ == 0) released_.WaitForNotification();
          return Reply();
        },
        R"(, "timeout": "1s")");
  }
  std::string file() const { return directory_.path() + "/workflows.json"; }
  // The entry of a pushed workflow. `push` has more members of its `push`, `workflow` more members
  // of the entry itself.
  static std::string Entry(const std::string& id, const std::string& url, const std::string& push,
                           const std::string& workflow = "") {
    return "{\"id\": \"" + id + "\"" + workflow + ", \"push\": {\"url\": \"" + url + "\"" + push +
           "}}";
  }
  static std::string FileWith(const std::string& entry) {
    return "{\"workflows\": [" + entry + "]}";
  }

  std::string Create(const std::string& workflow_id = "pushed") {
    return CreateJob(*services_, person_, workflow_id).id();
  }
  // The job once it has ended, or as it is after 20 seconds.
  job::v1::Job AwaitEnd(const std::string& id) {
    job::v1::WaitJobRequest request;
    request.set_id(id);
    request.mutable_timeout()->set_seconds(20);
    request.set_view(job::v1::EXACT);
    return Call(services_->jobs(), &JobService::Stub::WaitJob, request,
                {.token = person_.access_token})
        .value;
  }
  job::v1::Job::Status StatusOf(const std::string& id) {
    return GetJob(*services_, person_.access_token, id).value.status();
  }
  bool AwaitStatus(const std::string& id, job::v1::Job::Status status) {
    return Eventually(absl::Seconds(20), [&] { return StatusOf(id) == status; });
  }
  bool AwaitPosts(size_t count) {
    return Eventually(absl::Seconds(20), [&] { return receiver_->count() >= count; });
  }
  // A string member of a JSON object.
  static std::string Member(const std::string& json, const std::string& name) {
    google::protobuf::Struct members;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &members).ok()) << json;
    return members.fields().at(name).string_value();
  }
  static std::string TokenOf(const Received& request) {
    return Member(request.body, "callback_token");
  }
  // The header of the first post of an attempt, and of its repetitions.
  static std::string KeyOf(const std::string& id, int attempt = 1) {
    return id + "-" + std::to_string(attempt);
  }
  // The callback token that came with the first post of that job.
  std::string TokenFor(const std::string& id) {
    for (const Received& request : receiver_->received()) {
      if (Member(request.body, "job_id") == id) return TokenOf(request);
    }
    ADD_FAILURE() << "no post of " << id;
    return "";
  }
  // `error.code` of a failed job.
  static std::string ErrorOf(const job::v1::Job& job) {
    google::protobuf::Struct result;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(job.result_json(), &result).ok())
        << job.ShortDebugString();
    if (!result.fields().contains("error")) return "";
    return result.fields().at("error").struct_value().fields().at("code").string_value();
  }

  Result<job::v1::Job> CallBack(const std::string& id, const std::string& token,
                                const std::string& result_json) {
    job::v1::CompleteJobRequest request;
    request.set_id(id);
    request.set_result_json(result_json);
    return Call(services_->jobs(), &JobService::Stub::CompleteJob, request, {.token = token});
  }
  Result<job::v1::Job> CallBackFailed(const std::string& id, const std::string& token,
                                      const std::string& code) {
    job::v1::FailJobRequest request;
    request.set_id(id);
    request.set_code(code);
    return Call(services_->jobs(), &JobService::Stub::FailJob, request, {.token = token});
  }
  Result<job::v1::Job> Retry(const std::string& id) {
    job::v1::RetryJobRequest request;
    request.set_id(id);
    return Call(services_->jobs(), &JobService::Stub::RetryJob, request,
                {.token = person_.access_token});
  }

  // More members of the workflow's entry for Serve(), such as `, "max_attempts": 1`.
  std::string workflow_;
  TemporaryDirectory directory_;
  // For handlers that wait; outlives them.
  absl::Notification released_;
  std::atomic<int> asked_{0};
  std::unique_ptr<HttpReceiver> receiver_;
  std::unique_ptr<Services> services_;
  Person person_;
};

}  // namespace vibestack::e2e

#endif  // VIBESTACK_TESTS_E2E_PUSH_PUSH_FIXTURE_H_
