#include "common/db/news.h"

#include <string_view>

#include "common/base/uuid.h"
#include "rapidjson/document.h"

namespace vibestack::db {
namespace {

// The strings of a list; false for anything else.
bool ReadStrings(const rapidjson::Value& list, std::vector<std::string>& strings) {
  if (!list.IsArray()) return false;
  for (const auto& item : list.GetArray()) {
    if (!item.IsString()) return false;
    strings.emplace_back(item.GetString(), item.GetStringLength());
  }
  return true;
}

// The ids of a list, in lower case; false for anything else.
bool ReadIds(const rapidjson::Value& list, std::vector<std::string>& ids) {
  if (!ReadStrings(list, ids)) return false;
  for (std::string& id : ids) {
    if (!IsUuid(id)) return false;
    id = CanonicalUuid(id);
  }
  return true;
}

bool ReadDeleted(const rapidjson::Value& users, News& news) {
  if (!users.IsObject()) return false;
  for (const auto& member : users.GetObject()) {
    const std::string user_id(member.name.GetString(), member.name.GetStringLength());
    if (!user_id.empty() && !IsUuid(user_id)) return false;
    std::vector<std::string>& ids = news.deleted[CanonicalUuid(user_id)];
    if (!ReadIds(member.value, ids)) return false;
    news.ids.insert(news.ids.end(), ids.begin(), ids.end());
  }
  return true;
}

// Reads one member; what is not known is passed over.
bool ReadMember(std::string_view name, const rapidjson::Value& value, News& news) {
  if (name == "ids") return ReadIds(value, news.ids);
  if (name == "pending") return ReadStrings(value, news.pending);
  if (name == "deleted") return ReadDeleted(value, news);
  return name != "resync";
}

}  // namespace

News ParseNews(const std::string& payload) {
  const News anything{.resync = true, .ids = {}, .deleted = {}, .pending = {}};
  rapidjson::Document message;
  message.Parse<rapidjson::kParseIterativeFlag>(payload.data(), payload.size());
  if (message.HasParseError() || !message.IsObject()) return anything;
  News news;
  for (const auto& member : message.GetObject()) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    if (!ReadMember(name, member.value, news)) return anything;
  }
  if (news.ids.empty() && news.pending.empty()) return anything;
  return news;
}

}  // namespace vibestack::db
