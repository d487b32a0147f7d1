#ifndef VIBESTACK_COMMON_TLS_MEMORY_FILE_H_
#define VIBESTACK_COMMON_TLS_MEMORY_FILE_H_

#include <ctime>
#include <string>

#include "absl/status/status.h"

namespace vibestack::tls {

// A file without a disk, for code in this process that takes nothing but a path. Whoever opens the
// path reads the old text or the new one, whole, and the time of modification differs with every
// text. Not thread-safe, but for readers of the path.
class MemoryFile {
 public:
  MemoryFile() = default;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  // INTERNAL when the system lacks what it takes.
  absl::Status Replace(const std::string& text);

  // The same all the time; nothing can be opened there before the first Replace.
  std::string path() const;

 private:
  int descriptor_ = -1;
  std::time_t version_ = 0;
};

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_MEMORY_FILE_H_
