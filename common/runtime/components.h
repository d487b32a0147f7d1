#ifndef VIBESTACK_COMMON_RUNTIME_COMPONENTS_H_
#define VIBESTACK_COMMON_RUNTIME_COMPONENTS_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace vibestack::runtime {

// The components of a process: owns them, stops them and destroys them.
//
// The contract, for every component and for this class:
//   - A constructor starts the component. It may use any component that was started before.
//   - Stop() (or Close()) ends its work and joins its threads. Stopping twice is legal; so is
//     stopping without a complete start. A stopped component answers late calls with an error.
//   - Components stop in the reverse order of their start, so each one stops before what it uses.
//   - The destructor comes later, again in the reverse order. A component may therefore still call
//     a stopped one, never a destroyed one.
//
// Not thread-safe: the main thread starts and stops components.
class Components {
 public:
  Components() = default;
  Components(const Components&) = delete;
  Components& operator=(const Components&) = delete;
  ~Components();

  // Takes ownership of an object that needs no stop. The returned reference is valid as long as
  // this lives.
  template <typename T>
  T& Own(std::unique_ptr<T> object) {
    T& kept = *object;
    objects_.push_back(std::shared_ptr<void>(std::move(object)));
    return kept;
  }

  // Adds a step to Stop(). Steps run in the reverse order in which they were added.
  void OnStop(std::function<void()> stop) { stops_.push_back(std::move(stop)); }

  // Stops every component. The second call does nothing.
  void Stop();

 private:
  std::vector<std::shared_ptr<void>> objects_;
  std::vector<std::function<void()>> stops_;
};

}  // namespace vibestack::runtime

#endif  // VIBESTACK_COMMON_RUNTIME_COMPONENTS_H_
