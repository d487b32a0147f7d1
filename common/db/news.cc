#include "common/db/news.h"

#include "common/base/uuid.h"
#include "rapidjson/document.h"

namespace vibestack::db {
namespace {

// The strings of a list that may be absent; false for anything else.
bool ReadStrings(const rapidjson::Document& message, const char* name,
                 std::vector<std::string>& strings) {
  const auto member = message.FindMember(name);
  if (member == message.MemberEnd()) return true;
  if (!member->value.IsArray()) return false;
  for (const auto& item : member->value.GetArray()) {
    if (!item.IsString()) return false;
    strings.emplace_back(item.GetString(), item.GetStringLength());
  }
  return true;
}

}  // namespace

News ParseNews(const std::string& payload) {
  const News anything{.resync = true, .ids = {}, .pending = {}};
  rapidjson::Document message;
  message.Parse<rapidjson::kParseIterativeFlag>(payload.data(), payload.size());
  if (message.HasParseError() || !message.IsObject() || message.HasMember("resync")) {
    return anything;
  }
  News news;
  if (!ReadStrings(message, "ids", news.ids) || !ReadStrings(message, "pending", news.pending)) {
    return anything;
  }
  for (std::string& id : news.ids) {
    if (!IsUuid(id)) return anything;
    id = CanonicalUuid(id);
  }
  if (news.ids.empty() && news.pending.empty()) return anything;
  return news;
}

}  // namespace vibestack::db
