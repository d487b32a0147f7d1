#include "job_service/domain/job_error.h"

#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace vibestack::job_service {

std::string ErrorObject(const std::string& code, const std::string& message,
                        const std::string& details) {
  const std::string extra = details.empty() ? "null" : details;
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  writer.StartObject();
  writer.Key("code");
  writer.String(code.data(), static_cast<rapidjson::SizeType>(code.size()));
  writer.Key("message");
  writer.String(message.data(), static_cast<rapidjson::SizeType>(message.size()));
  writer.Key("details");
  writer.RawValue(extra.data(), extra.size(), rapidjson::kObjectType);
  writer.EndObject();
  return std::string(text.GetString(), text.GetSize());
}

}  // namespace vibestack::job_service
