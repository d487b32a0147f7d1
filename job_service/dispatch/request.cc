#include "job_service/dispatch/request.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <utility>

#include "absl/strings/str_cat.h"

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

http::Delivery MakeDelivery(const Push& push, const Job& job, std::string body) {
  http::Delivery delivery;
  delivery.body = std::move(body);
  for (const Push::Header& header : push.headers) {
    delivery.headers.push_back({header.name, header.value.Reveal()});
  }
  delivery.signing_secret = push.signing_secret;
  // The id is safe in a span: it is from the workflows file, not from a caller.
  delivery.span_attributes = {{"vibestack.workflow_id", job.workflow_id}};
  return delivery;
}

}  // namespace

http::Delivery JobDelivery(const Push& push, const Job& job,
                           const std::optional<Callback>& callback) {
  rapidjson::StringBuffer text;
  Writer writer(text);
  writer.StartObject();
  AddJob(writer, job);
  writer.Key("attempt");
  writer.Int(AttemptNumber(job));
  writer.Key("input");
  if (job.input.has_value()) {
    writer.RawValue(job.input->data(), job.input->size(), rapidjson::kObjectType);
  } else {
    writer.Null();
  }
  if (callback.has_value()) {
    Add(writer, "callback_url", callback->url);
    Add(writer, "callback_token", callback->token.Reveal());
  }
  writer.EndObject();
  http::Delivery delivery = MakeDelivery(push, job, {text.GetString(), text.GetSize()});
  delivery.url = push.url;
  delivery.idempotency_key = absl::StrCat(job.id, "-", AttemptNumber(job));
  delivery.span_name = "dispatch";
  delivery.ignores_body = push.completion == Push::Completion::kCallback;
  return delivery;
}

http::Delivery CancelDelivery(const Push& push, const Job& job, const std::string& reason) {
  rapidjson::StringBuffer text;
  Writer writer(text);
  writer.StartObject();
  AddJob(writer, job);
  Add(writer, "reason", reason);
  writer.EndObject();
  http::Delivery delivery = MakeDelivery(push, job, {text.GetString(), text.GetSize()});
  delivery.url = push.cancel_url;
  delivery.idempotency_key = "cancel-" + job.id;
  delivery.span_name = "notify_cancelled";
  return delivery;
}

}  // namespace vibestack::job_service
