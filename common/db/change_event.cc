#include "common/db/change_event.h"

#include <string_view>

#include "common/base/uuid.h"
#include "rapidjson/document.h"

namespace vibestack::db {
namespace {

// Appends the strings of a list; false for anything else.
bool ReadStrings(const rapidjson::Value& list, std::vector<std::string>& strings) {
  if (!list.IsArray()) return false;
  for (const auto& item : list.GetArray()) {
    if (!item.IsString()) return false;
    strings.emplace_back(item.GetString(), item.GetStringLength());
  }
  return true;
}

// Appends the ids of a list, in lower case; false for anything else.
bool ReadIds(const rapidjson::Value& list, std::vector<std::string>& ids) {
  if (!ReadStrings(list, ids)) return false;
  for (std::string& id : ids) {
    if (!IsUuid(id)) return false;
    id = CanonicalUuid(id);
  }
  return true;
}

bool ReadDeleted(const rapidjson::Value& users, ChangeEvent& event) {
  if (!users.IsObject()) return false;
  for (const auto& member : users.GetObject()) {
    const std::string user_id(member.name.GetString(), member.name.GetStringLength());
    if (!user_id.empty() && !IsUuid(user_id)) return false;
    std::vector<std::string>& ids = event.deleted[CanonicalUuid(user_id)];
    if (!ReadIds(member.value, ids)) return false;
    event.ids.insert(event.ids.end(), ids.begin(), ids.end());
  }
  return true;
}

// Reads one member; ignores unknown ones. False when it is malformed or says `resync`.
bool ReadMember(std::string_view name, const rapidjson::Value& value, ChangeEvent& event) {
  if (name == "ids") return ReadIds(value, event.ids);
  if (name == "pending") return ReadStrings(value, event.pending);
  if (name == "deleted") return ReadDeleted(value, event);
  return name != "resync";
}

}  // namespace

ChangeEvent ParseChangeEvent(const std::string& payload) {
  const ChangeEvent resync{.resync = true, .ids = {}, .deleted = {}, .pending = {}};
  rapidjson::Document message;
  message.Parse<rapidjson::kParseIterativeFlag>(payload.data(), payload.size());
  if (message.HasParseError() || !message.IsObject()) return resync;
  ChangeEvent event;
  for (const auto& member : message.GetObject()) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    if (!ReadMember(name, member.value, event)) return resync;
  }
  if (event.ids.empty() && event.pending.empty()) return resync;
  return event;
}

}  // namespace vibestack::db
