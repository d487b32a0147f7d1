// PostgreSQL arrays: an encoded array decodes to the same elements.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/db/params.h"
#include "tests/fuzz/check.h"

namespace {

using Elements = std::vector<std::optional<std::string>>;

// Reads one element of '{"a","b",NULL}' at `at`, by the rules of PostgreSQL's manual, 8.15.6.
std::optional<std::string> ReadElement(const std::string& text, size_t& at) {
  if (text.compare(at, 4, "NULL") == 0) {
    at += 4;
    return std::nullopt;
  }
  FUZZ_CHECK(text.at(at) == '"');
  std::string element;
  for (++at; text.at(at) != '"'; ++at) {
    if (text.at(at) == '\\') ++at;
    element += text.at(at);
  }
  ++at;
  return element;
}

Elements ReadArray(const std::string& text) {
  Elements elements;
  FUZZ_CHECK(text.size() >= 2 && text.front() == '{' && text.back() == '}');
  for (size_t at = 1; at + 1 < text.size();) {
    elements.push_back(ReadElement(text, at));
    FUZZ_CHECK(text.at(at) == (at + 1 == text.size() ? '}' : ','));
    ++at;
  }
  return elements;
}

}  // namespace

// Elements end with a zero byte; one that begins with 0xff is NULL.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Elements elements;
  std::string element;
  for (size_t i = 0; i < size; ++i) {
    if (data[i] != 0) {
      element += static_cast<char>(data[i]);
      continue;
    }
    const bool is_null = !element.empty() && element[0] == '\xff';
    elements.push_back(is_null ? std::nullopt : std::optional(element));
    element.clear();
  }
  FUZZ_CHECK(ReadArray(vibestack::db::EncodeArray(elements)) == elements);
  return 0;
}
