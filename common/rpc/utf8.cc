#include "common/rpc/utf8.h"

namespace vibestack::rpc {
namespace {

// The length in bytes of a character that starts with `first`; 0 when no character does.
size_t SequenceLength(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

// Whether `second` is valid: it excludes overlong forms, surrogates and values above U+10FFFF.
bool IsSecondByte(unsigned char first, unsigned char second) {
  if (first == 0xe0 && second < 0xa0) return false;
  if (first == 0xed && second > 0x9f) return false;
  if (first == 0xf0 && second < 0x90) return false;
  if (first == 0xf4 && second > 0x8f) return false;
  return (second & 0xc0) == 0x80;
}

}  // namespace

std::optional<size_t> CountUtf8Characters(std::string_view text) {
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++characters) {
    const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[i + k]); };
    const size_t length = SequenceLength(byte(0));
    if (length == 0 || i + length > text.size()) return std::nullopt;
    if (length > 1 && !IsSecondByte(byte(0), byte(1))) return std::nullopt;
    for (size_t k = 2; k < length; ++k) {
      if ((byte(k) & 0xc0) != 0x80) return std::nullopt;
    }
    i += length;
  }
  return characters;
}

}  // namespace vibestack::rpc
