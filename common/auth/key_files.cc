#include "common/auth/key_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "common/auth/base64url.h"
#include "common/auth/es256.h"
#include "common/base/random.h"

namespace vibestack::auth {
namespace {

constexpr char kFingerprintFile[] = "fingerprint.secret";
constexpr int kFingerprintBytes = 32;
constexpr size_t kMaxFileBytes = size_t{64} * 1024;

absl::Status FileError(const std::string& what, const std::string& name, int error) {
  const std::string message =
      "cannot " + what + " '" + name + "': " + std::generic_category().message(error);
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EEXIST) return absl::AlreadyExistsError(message);
  return absl::UnavailableError(message);
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::StatusOr<Secret> ReadFile(const std::string& directory, const std::string& name) {
  const FileDescriptor file(::open((directory + "/" + name).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return FileError("open", name, errno);
  std::string content(kMaxFileBytes + 1, '\0');
  size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("read", name, errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  const bool too_large = size > kMaxFileBytes;
  Secret secret(content.substr(0, size));
  OPENSSL_cleanse(content.data(), content.size());
  if (too_large) return FileError("read", name, EFBIG);
  return secret;
}

bool WriteAll(int fd, const std::string& content) {
  size_t written = 0;
  while (written < content.size()) {
    const ssize_t put = ::write(fd, content.data() + written, content.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    written += static_cast<size_t>(put);
  }
  return ::fsync(fd) == 0;
}

// Writes a temporary file and links it to `name`. The link fails when `name` exists; a rename would
// replace the file.
absl::Status WriteNewFile(const std::string& directory, const std::string& name,
                          const Secret& content) {
  const std::string temporary = directory + "/.new-" + absl::BytesToHexString(RandomBytes(8));
  const FileDescriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) return FileError("create", name, errno);
  int error = 0;
  if (!WriteAll(file.get(), content.Reveal()) ||
      ::link(temporary.c_str(), (directory + "/" + name).c_str()) != 0) {
    error = errno;
  }
  ::unlink(temporary.c_str());
  return error == 0 ? absl::OkStatus() : FileError("write", name, error);
}

}  // namespace

absl::StatusOr<std::string> GenerateKeyFile(const std::string& directory, const Clock& clock) {
  const auto key = Es256Key::Generate();
  if (!key.ok()) return key.status();
  const auto pem = key->ToPrivatePem();
  if (!pem.ok()) return pem.status();
  std::string kid = absl::FormatTime("%Y%m%dT%H%M%SZ", clock.Now(), absl::UTCTimeZone()) + "-" +
                    absl::BytesToHexString(RandomBytes(4));
  if (absl::Status status = WriteNewFile(directory, kid + ".pem", *pem); !status.ok()) {
    return status;
  }
  return kid;
}

absl::Status GenerateFingerprintSecret(const std::string& directory) {
  const Secret text(Base64UrlEncode(RandomBytes(kFingerprintBytes)) + "\n");
  return WriteNewFile(directory, kFingerprintFile, text);
}

absl::StatusOr<Secret> LoadFingerprintSecret(const std::string& directory) {
  const auto text = ReadFile(directory, kFingerprintFile);
  if (!text.ok()) return text.status();
  std::optional<std::string> bytes =
      Base64UrlDecode(std::string(absl::StripTrailingAsciiWhitespace(text->Reveal())));
  if (!bytes.has_value() || bytes->size() != kFingerprintBytes) {
    return absl::InvalidArgumentError("'fingerprint.secret' must contain 32 bytes in base64url");
  }
  return Secret(*std::move(bytes));
}

absl::StatusOr<std::map<std::string, Secret>> ReadKeyFiles(const std::string& directory) {
  std::map<std::string, Secret> texts;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::filesystem::path name = entry->path().filename();
    if (name.extension() != ".pem" || name.string().front() == '.') continue;
    auto text = ReadFile(directory, name.string());
    if (!text.ok()) return absl::UnavailableError(text.status().message());
    texts.emplace(name.stem().string(), *std::move(text));
  }
  if (error) return absl::UnavailableError("cannot list the key directory: " + error.message());
  return texts;
}

}  // namespace vibestack::auth
