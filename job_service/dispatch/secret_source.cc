#include "job_service/dispatch/secret_source.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "common/http/signature.h"

namespace vibestack::job_service {
namespace {

constexpr size_t kMaxSecret = 64UL * 1024;

}  // namespace

absl::StatusOr<Secret> ReadSecretFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return absl::InvalidArgumentError("names a file that cannot be read");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return absl::InvalidArgumentError("names a file that is empty");
  if (text.size() > kMaxSecret)
    return absl::InvalidArgumentError("names a file of more than 64 KiB");
  return Secret(std::move(text));
}

absl::StatusOr<Secret> ReadSecretVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return absl::InvalidArgumentError("names an environment variable that is not set");
  }
  return Secret(value);
}

bool IsOurHeader(const std::string& name) {
  return name == "content-type" || name == "content-length" || name == "transfer-encoding" ||
         name == "host" || name == "connection" || name == "idempotency-key" ||
         name == http::kTimestampHeader || name == http::kSignatureHeader;
}

}  // namespace vibestack::job_service
