#include "common/config/secret_file.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"

namespace vibestack {

absl::StatusOr<Secret> ReadSecretFile(std::string_view flag, const std::string& path,
                                      size_t min_bytes) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  absl::StripAsciiWhitespace(&text);
  if (file && text.size() >= min_bytes) return Secret(std::move(text));
  return absl::InvalidArgumentError("--" + std::string(flag) +
                                    " must name a readable file with a secret of at least " +
                                    std::to_string(min_bytes) + " characters");
}

}  // namespace vibestack
