#include "common/tls/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace vibestack::tls {
namespace {

bool WriteAll(int descriptor, const std::string& text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t more = write(descriptor, text.data() + written, text.size() - written);
    if (more <= 0) return false;
    written += static_cast<size_t>(more);
  }
  return true;
}

}  // namespace

MemoryFile::~MemoryFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status MemoryFile::Replace(const std::string& text) {
  const int fresh = memfd_create("tls", MFD_CLOEXEC);
  // Whole seconds, because some readers compare only those.
  const timespec times[2] = {{++version_, 0}, {version_, 0}};
  const bool made = fresh >= 0 && WriteAll(fresh, text) && futimens(fresh, times) == 0;
  if (made && descriptor_ < 0) {
    descriptor_ = fresh;
    return absl::OkStatus();
  }
  // Replaces the old file atomically.
  const bool replaced = made && dup3(fresh, descriptor_, O_CLOEXEC) == descriptor_;
  if (fresh >= 0) close(fresh);
  return replaced ? absl::OkStatus() : absl::InternalError("cannot make a file in memory");
}

std::string MemoryFile::path() const { return absl::StrCat("/proc/self/fd/", descriptor_); }

}  // namespace vibestack::tls
