#ifndef VIBESTACK_COMMON_TLS_MEMORY_FILE_H_
#define VIBESTACK_COMMON_TLS_MEMORY_FILE_H_

#include <ctime>
#include <string>

#include "absl/status/status.h"

namespace vibestack::tls {

// A file in memory, for code in this process that accepts only a path. A reader of the path sees
// the whole old or the whole new content, never a mix; each Replace changes the modification time.
// Readers of the path may use any thread; otherwise not thread-safe.
class MemoryFile {
 public:
  MemoryFile() = default;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  // Replaces the content. INTERNAL when the system cannot create a file in memory.
  absl::Status Replace(const std::string& text);

  // The path never changes. It cannot be opened before the first Replace.
  std::string path() const;

 private:
  int descriptor_ = -1;
  std::time_t version_ = 0;
};

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_MEMORY_FILE_H_
