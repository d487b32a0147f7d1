#include "common/runtime/components.h"

namespace vibestack::runtime {

Components::~Components() {
  Stop();
  while (!objects_.empty()) objects_.pop_back();
}

void Components::Stop() {
  while (!stops_.empty()) {
    const std::function<void()> stop = std::move(stops_.back());
    stops_.pop_back();
    stop();
  }
}

}  // namespace vibestack::runtime
