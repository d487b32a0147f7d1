#include "common/telemetry/log_value.h"

#include "rapidjson/encodings.h"
#include "rapidjson/memorystream.h"

namespace vibestack {

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    unsigned code_point = 0;
    if (rapidjson::UTF8<>::Decode(stream, &code_point)) {
      clean.append(text.substr(0, stream.Tell()));
      text.remove_prefix(stream.Tell());
    } else {
      clean.append("\uFFFD");
      text.remove_prefix(1);
    }
  }
  return clean;
}

}  // namespace vibestack
