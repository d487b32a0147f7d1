#include "job_service/api/json_text.h"


#include "common/rpc/utf8.h"
#include "job_service/api/json_number.h"
#include "rapidjson/error/en.h"
#include "rapidjson/memorystream.h"
#include "rapidjson/reader.h"

namespace vibestack::job_service {
namespace {

// Looks at every token of a text; stops it by returning false, with the fault named.
class Checker : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Checker> {
 public:
  bool String(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view view(text, size);
    if (view.find('\0') != std::string_view::npos) return Refuse("must not contain \\u0000");
    // The reader turns \ud800 without its pair into bytes that are no UTF-8.
    if (!rpc::CountUtf8Characters(view)) return Refuse("must not contain half a surrogate pair");
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    return String(text, size, copy);
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return NumericTakes({text, size}) || Refuse("holds a number that is too large or too precise");
  }
  bool StartObject() { return Enter(); }
  bool StartArray() { return Enter(); }
  bool EndObject(rapidjson::SizeType) { return Leave(); }
  bool EndArray(rapidjson::SizeType) { return Leave(); }

  const std::string& fault() const { return fault_; }

 private:
  bool Refuse(const char* why) {
    fault_ = why;
    return false;
  }
  bool Enter() {
    if (++depth_ <= kMaxJsonDepth) return true;
    return Refuse("nests deeper than 1000 levels");
  }
  bool Leave() {
    --depth_;
    return true;
  }

  std::string fault_;
  int depth_ = 0;
};

}  // namespace

std::string JsonFault(const std::string& text) {
  if (!rpc::CountUtf8Characters(text)) return "must be valid UTF-8";
  if (text.find('\0') != std::string::npos) return "is not JSON: it contains NUL";
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  Checker checker;
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, checker);
  if (!result.IsError()) return "";
  if (!checker.fault().empty()) return checker.fault();
  return std::string("is not JSON: ") + rapidjson::GetParseError_En(result.Code());
}

void AppendJsonString(std::string_view text, std::string& json) {
  static constexpr char kHex[] = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += "\\u00";
      json += kHex[c >> 4];
      json += kHex[c & 15];
    } else {
      json += c;
    }
  }
  json += '"';
}

}  // namespace vibestack::job_service
