#include "job_service/dispatch/request.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <utility>
#include <vector>

#include "common/http/signature.h"

namespace vibestack::job_service {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void Add(Writer& writer, const char* name, const std::string& value) {
  writer.Key(name);
  writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void AddJob(Writer& writer, const Job& job) {
  Add(writer, "job_id", job.id);
  if (job.user_id.empty()) {
    writer.Key("user_id");
    writer.Null();
  } else {
    Add(writer, "user_id", job.user_id);
  }
  Add(writer, "workflow_id", job.workflow_id);
}

http::Request MakeRequest(const Push& push, const std::string& url, const std::string& key,
                          std::string body, absl::Time now) {
  http::Request request;
  request.url = url;
  request.headers = {{"content-type", "application/json"}, {"idempotency-key", key}};
  for (const Push::Header& header : push.headers) {
    request.headers.push_back({header.name, header.value.Reveal()});
  }
  if (!push.signing_secret.empty()) {
    for (http::Header& header : http::SignatureHeaders(push.signing_secret, now, body)) {
      request.headers.push_back(std::move(header));
    }
  }
  request.body = std::move(body);
  return request;
}

}  // namespace

http::Request DispatchRequest(const Push& push, const Job& job, const std::string& input,
                              const std::optional<Callback>& callback, absl::Time now) {
  rapidjson::StringBuffer text;
  Writer writer(text);
  writer.StartObject();
  AddJob(writer, job);
  writer.Key("input");
  if (input.empty()) {
    writer.Null();
  } else {
    writer.RawValue(input.data(), input.size(), rapidjson::kObjectType);
  }
  if (callback.has_value()) {
    Add(writer, "callback_url", callback->url);
    Add(writer, "callback_token", callback->token.Reveal());
  }
  writer.EndObject();
  return MakeRequest(push, push.url, job.id, {text.GetString(), text.GetSize()}, now);
}

http::Request CancelRequest(const Push& push, const Job& job, const std::string& reason,
                            absl::Time now) {
  rapidjson::StringBuffer text;
  Writer writer(text);
  writer.StartObject();
  AddJob(writer, job);
  Add(writer, "reason", reason);
  writer.EndObject();
  return MakeRequest(push, push.cancel_url, "cancel-" + job.id, {text.GetString(), text.GetSize()},
                     now);
}

}  // namespace vibestack::job_service
