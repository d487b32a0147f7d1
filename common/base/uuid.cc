#include "common/base/uuid.h"

#include <cctype>

#include "common/base/random.h"

namespace vibestack {
namespace {

// Random bytes are fetched in blocks per thread: one call to the generator serves 64 ids.
std::string_view NextRandom16() {
  constexpr size_t kIdSize = 16;
  constexpr size_t kIds = 64;
  thread_local std::string block;
  thread_local size_t used = kIds;
  if (used == kIds) {
    block = RandomBytes(kIdSize * kIds);
    used = 0;
  }
  return std::string_view(block).substr(kIdSize * used++, kIdSize);
}

bool IsHyphenPlace(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::string NewUuid() {
  static constexpr char kHex[] = "0123456789abcdef";
  const std::string_view random = NextRandom16();
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < 16; ++i) {
    unsigned char byte = static_cast<unsigned char>(random[i]);
    if (i == 6) byte = (byte & 0x0f) | 0x40;
    if (i == 8) byte = (byte & 0x3f) | 0x80;
    if (IsHyphenPlace(text.size())) text += '-';
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool right =
        IsHyphenPlace(i) ? text[i] == '-' : std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
    if (!right) return false;
  }
  return true;
}

bool IsUuidV4(std::string_view text) {
  return IsUuid(text) && text[14] == '4' &&
         std::string_view("89abAB").find(text[19]) != std::string_view::npos;
}

std::string CanonicalUuid(std::string_view uuid) {
  std::string text(uuid);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace vibestack
