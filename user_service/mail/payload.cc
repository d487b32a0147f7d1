#include "user_service/mail/payload.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace vibestack::user_service {
namespace {

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace

const char* EventName(Notice::Event event) {
  switch (event) {
    case Notice::Event::kPasswordReset:
      return "password_reset";
    case Notice::Event::kSignUp:
      return "sign_up";
    case Notice::Event::kSignUpExisting:
      return "sign_up_existing";
  }
  return "";
}

std::string MakePayload(const std::string& id, absl::Time created_at, const Notice& notice) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  const auto add = [&writer](const char* name, const std::string& value) {
    writer.Key(name);
    writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  writer.StartObject();
  add("id", id);
  add("event", EventName(notice.event));
  add("created_at", Rfc3339(created_at));
  add("email", notice.email);
  add("user_id", notice.user_id);
  if (!notice.token.empty()) {
    add("token", notice.token.Reveal());
    add("expires_at", Rfc3339(notice.expires_at));
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace vibestack::user_service
