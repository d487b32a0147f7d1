#ifndef VIBESTACK_COMMON_TLS_MEMORY_FILE_H_
#define VIBESTACK_COMMON_TLS_MEMORY_FILE_H_

#include <ctime>
#include <string>

#include "absl/status/status.h"

namespace vibestack::tls {

// A file in memory, for code in this process that accepts only a path. A reader of the path sees
// either the old or the new content, whole; each content has a different modification time. Not
// thread-safe, except for readers of the path.
class MemoryFile {
 public:
  MemoryFile() = default;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  // Replaces the content. INTERNAL when the system cannot create a file in memory.
  absl::Status Replace(const std::string& text);

  // Constant. Nothing can be opened there before the first Replace.
  std::string path() const;

 private:
  int descriptor_ = -1;
  std::time_t version_ = 0;
};

}  // namespace vibestack::tls

#endif  // VIBESTACK_COMMON_TLS_MEMORY_FILE_H_
