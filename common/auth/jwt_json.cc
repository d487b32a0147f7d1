#include "common/auth/jwt_json.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "common/auth/base64url.h"
#include "common/auth/key_set.h"
#include "rapidjson/document.h"
#include "rapidjson/memorystream.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace vibestack::auth {
namespace {

using rapidjson::SizeType;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr char kHeaderStart[] = "{\"alg\":\"ES256\",\"kid\":\"";
constexpr char kHeaderEnd[] = "\",\"typ\":\"JWT\"}";
constexpr int kMaxDepth = 20;

// The iterative parser needs no stack for nested values.
constexpr unsigned kParseFlags = rapidjson::kParseValidateEncodingFlag |
                                 rapidjson::kParseFullPrecisionFlag |
                                 rapidjson::kParseIterativeFlag;

std::string_view TextOf(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// Whether Decode accepts the value: the names of each object ascend, no text has a NUL, no integer
// is beyond int64 and the nesting is at most `levels` deep.
bool IsStrict(const rapidjson::Value& value, int levels) {
  if (value.IsString()) return !HasNul(TextOf(value));
  if (value.IsNumber()) return value.IsInt64() || value.IsDouble();
  if (!value.IsObject() && !value.IsArray()) return true;
  if (levels == 0) return false;
  if (value.IsArray()) {
    return std::all_of(value.Begin(), value.End(), [levels](const rapidjson::Value& element) {
      return IsStrict(element, levels - 1);
    });
  }
  std::optional<std::string_view> last_name;
  for (const auto& member : value.GetObject()) {
    const std::string_view name = TextOf(member.name);
    if (last_name >= name || HasNul(name) || !IsStrict(member.value, levels - 1)) return false;
    last_name = name;
  }
  return true;
}

std::string ToText(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

bool IsText(const std::string& text) {
  if (HasNul(text)) return false;
  rapidjson::MemoryStream in(text.data(), text.size());
  rapidjson::StringBuffer ignored;
  while (in.Tell() < text.size()) {
    if (!rapidjson::UTF8<>::Validate(in, ignored)) return false;
  }
  return true;
}

void Write(Writer& writer, const std::string& text) {
  writer.String(text.data(), static_cast<SizeType>(text.size()));
}

}  // namespace

std::optional<JwtPayload> JwtPayload::Decode(const std::string& part) {
  const std::optional<std::string> json = Base64UrlDecode(part);
  if (!json.has_value()) return std::nullopt;
  rapidjson::Document document;
  document.Parse<kParseFlags>(json->data(), json->size());
  if (document.HasParseError() || !document.IsObject() || !IsStrict(document, kMaxDepth) ||
      ToText(document) != *json) {
    return std::nullopt;
  }
  JwtPayload payload;
  // Const, since clang finds RapidJSON's mutable iterators ambiguous in C++20.
  const rapidjson::Document& claims = document;
  for (const auto& [name, value] : claims.GetObject()) {
    Claim claim;
    if (value.IsString()) {
      claim = std::string(TextOf(value));
    } else if (value.IsInt64()) {
      claim = value.GetInt64();
    } else {
      claim = OtherJson{ToText(value)};
    }
    payload.claims_.emplace(TextOf(name), std::move(claim));
  }
  return payload;
}

bool JwtPayload::Set(const std::string& name, const std::string& value) {
  return IsText(name) && IsText(value) && claims_.emplace(name, value).second;
}

bool JwtPayload::Set(const std::string& name, int64_t value) {
  return IsText(name) && claims_.emplace(name, value).second;
}

bool JwtPayload::Has(const std::string& name) const { return claims_.contains(name); }

std::optional<std::string> JwtPayload::GetString(const std::string& name) const {
  const auto it = claims_.find(name);
  if (it == claims_.end()) return std::nullopt;
  const auto* text = std::get_if<std::string>(&it->second);
  if (text == nullptr) return std::nullopt;
  return *text;
}

std::optional<int64_t> JwtPayload::GetInt(const std::string& name) const {
  const auto it = claims_.find(name);
  if (it == claims_.end()) return std::nullopt;
  const auto* number = std::get_if<int64_t>(&it->second);
  if (number == nullptr) return std::nullopt;
  return *number;
}

std::string JwtPayload::Encode() const {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  for (const auto& [name, claim] : claims_) {
    Write(writer, name);
    if (const auto* text = std::get_if<std::string>(&claim)) {
      Write(writer, *text);
    } else if (const auto* number = std::get_if<int64_t>(&claim)) {
      writer.Int64(*number);
    } else {
      const std::string& json = std::get<OtherJson>(claim).text;
      writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
    }
  }
  writer.EndObject();
  return Base64UrlEncode({buffer.GetString(), buffer.GetSize()});
}

std::string EncodeJwtHeader(const std::string& kid) {
  return Base64UrlEncode(kHeaderStart + kid + kHeaderEnd);
}

std::optional<std::string> DecodeJwtHeader(const std::string& part) {
  const std::optional<std::string> json = Base64UrlDecode(part);
  if (!json.has_value() || !absl::StartsWith(*json, kHeaderStart) ||
      !absl::EndsWith(*json, kHeaderEnd)) {
    return std::nullopt;
  }
  const size_t around = sizeof(kHeaderStart) - 1 + sizeof(kHeaderEnd) - 1;
  if (json->size() <= around) return std::nullopt;
  std::string kid = json->substr(sizeof(kHeaderStart) - 1, json->size() - around);
  if (!IsKeyId(kid)) return std::nullopt;
  return kid;
}

}  // namespace vibestack::auth
