// Emails and passwords for new accounts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/rpc/utf8.h"
#include "tests/fuzz/check.h"
#include "user_service/domain/input_rules.h"

using vibestack::Secret;
using vibestack::rpc::CountUtf8Characters;
using vibestack::user_service::EmailProblem;
using vibestack::user_service::NormalizeEmail;
using vibestack::user_service::PasswordProblem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string normal = NormalizeEmail(text);
  FUZZ_CHECK(normal.size() == text.size() && NormalizeEmail(normal) == normal);
  FUZZ_CHECK(EmailProblem(text) == EmailProblem(normal));
  if (!EmailProblem(text).has_value()) {
    FUZZ_CHECK(CountUtf8Characters(text).value_or(256) <= 255);
    FUZZ_CHECK(std::count(text.begin(), text.end(), '@') == 1);
    FUZZ_CHECK(std::none_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' '; }));
  }
  if (!PasswordProblem(Secret(text)).has_value()) {
    FUZZ_CHECK(size >= 8 && size <= 72 && text.find('\0') == std::string::npos);
  }
  return 0;
}
