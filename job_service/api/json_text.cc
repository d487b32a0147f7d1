#include "job_service/api/json_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
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
    if (!rpc::CountUtf8Characters(view)) return Refuse("must not contain an unpaired surrogate");
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    return String(text, size, copy);
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

// The end of the string whose opening quote is at `begin`, past its closing quote.
size_t EndOfString(const std::string& text, size_t begin) {
  size_t at = begin + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

bool IsNumberStart(char c) {
  return c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c));
}

// The end of the number that begins at `begin`.
size_t EndOfNumber(const std::string& text, size_t begin) {
  return std::min(text.find_first_not_of("0123456789+-.eE", begin), text.size());
}

// The size of a string, with its quotes, after \u escapes became characters where PostgreSQL prints
// the character.
size_t PrintedStringSize(std::string_view text) {
  size_t size = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      ++size;
      ++at;
      continue;
    }
    if (text[at + 1] != 'u') {
      size += text[at + 1] == '/' ? 1 : 2;
      at += 2;
      continue;
    }
    const unsigned code =
        static_cast<unsigned>(std::stoul(std::string(text.substr(at + 2, 4)), nullptr, 16));
    at += 6;
    if (code < 0x20) {
      size += code == '\b' || code == '\f' || code == '\n' || code == '\r' || code == '\t' ? 2 : 6;
    } else if (code < 0x80) {
      size += code == '"' || code == '\\' ? 2 : 1;
    } else if (code < 0x800 || (code >= 0xd800 && code <= 0xdfff)) {
      size += 2;  // Two surrogates together are four bytes.
    } else {
      size += 3;
    }
  }
  return size;
}

// Checks the numbers of a text and writes 0 for each, since the reader refuses those that are no
// double. Why one is refused, or empty.
std::string TakeOutNumbers(std::string& text) {
  std::string without;
  without.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    if (text[at] == '"') {
      end = EndOfString(text, at);
    } else if (IsNumberStart(text[at])) {
      end = EndOfNumber(text, at);
      const std::string_view number = std::string_view(text).substr(at, end - at);
      if (!IsJsonNumber(number)) return "is not JSON: a number is malformed";
      if (!NumericTakes(number)) return "holds a number that is too large or too precise";
      without += '0';
      at = end;
      continue;
    }
    without.append(text, at, end - at);
    at = end;
  }
  text = std::move(without);
  return "";
}

}  // namespace

std::string JsonFault(std::string text) {
  if (!rpc::CountUtf8Characters(text)) return "must be valid UTF-8";
  if (text.find('\0') != std::string::npos) return "is not JSON: it contains NUL";
  const std::string number_fault = TakeOutNumbers(text);
  if (!number_fault.empty()) return number_fault;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  Checker checker;
  const rapidjson::ParseResult result =
      reader.Parse<rapidjson::kParseIterativeFlag>(stream, checker);
  if (!result.IsError()) return "";
  if (!checker.fault().empty()) return checker.fault();
  return std::string("is not JSON: ") + rapidjson::GetParseError_En(result.Code());
}

size_t JsonbTextSize(const std::string& json) {
  size_t size = 0;
  for (size_t at = 0; at < json.size();) {
    size_t end = at + 1;
    if (json[at] == '"') {
      end = EndOfString(json, at);
    } else if (IsNumberStart(json[at])) {
      end = EndOfNumber(json, at);
      size += NumericTextSize(std::string_view(json).substr(at, end - at));
      at = end;
      continue;
    }
    size += end - at;
    at = end;
  }
  return size;
}

size_t JsonbPrintedSize(const std::string& json) {
  size_t size = 0;
  for (size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      const size_t end = EndOfString(json, at);
      size += PrintedStringSize(std::string_view(json).substr(at, end - at));
      at = end;
    } else if (IsNumberStart(c)) {
      const size_t end = EndOfNumber(json, at);
      size += NumericTextSize(std::string_view(json).substr(at, end - at));
      at = end;
    } else {
      // PostgreSQL prints a space behind each comma and colon, and no other one.
      if (c == ',' || c == ':')
        size += 2;
      else if (!absl::ascii_isspace(static_cast<unsigned char>(c)))
        ++size;
      ++at;
    }
  }
  return size;
}

std::string ResultSizeFault(const std::string& json, size_t max) {
  if (JsonbPrintedSize(json) <= max) return "";
  return absl::StrCat("has more than ", max, " bytes as JSON text with its numbers written out");
}

std::string ResultFault(const std::string& json, size_t max) {
  const std::string fault = JsonFault(json);
  return fault.empty() ? ResultSizeFault(json, max) : fault;
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
