#include "common/runtime/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace vibestack::runtime {
namespace {

using ::testing::ElementsAre;

using Journal = std::vector<std::string>;

// Writes its stop and its destruction into a journal.
class Part {
 public:
  Part(std::string name, Journal& journal) : name_(std::move(name)), journal_(journal) {}
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part() { journal_.push_back("destroy " + name_); }
  void Stop() { journal_.push_back("stop " + name_); }

 private:
  const std::string name_;
  Journal& journal_;
};

void Start(Components& components, const std::string& name, Journal& journal) {
  Part& part = components.Own(std::make_unique<Part>(name, journal));
  components.OnStop([&part] { part.Stop(); });
}

TEST(ComponentsTest, TheyStopAndAreDestroyedInTheReverseOrderOfTheirStart) {
  Journal journal;
  {
    Components components;
    Start(components, "database", journal);
    Start(components, "store", journal);
    Start(components, "server", journal);
    components.Stop();
    EXPECT_THAT(journal, ElementsAre("stop server", "stop store", "stop database"));
    journal.clear();
  }
  EXPECT_THAT(journal, ElementsAre("destroy server", "destroy store", "destroy database"));
}

TEST(ComponentsTest, StoppingTwiceStopsOnce) {
  Journal journal;
  Components components;
  Start(components, "database", journal);
  components.Stop();
  components.Stop();
  EXPECT_THAT(journal, ElementsAre("stop database"));
}

TEST(ComponentsTest, TheDestructorStopsWhatStarted) {
  Journal journal;
  {
    Components components;
    Start(components, "database", journal);
  }
  EXPECT_THAT(journal, ElementsAre("stop database", "destroy database"));
}

}  // namespace
}  // namespace vibestack::runtime
