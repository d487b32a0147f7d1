#ifndef VIBESTACK_TESTS_SUPPORT_ENVIRONMENT_H_
#define VIBESTACK_TESTS_SUPPORT_ENVIRONMENT_H_

#include <cstdio>
#include <cstdlib>
#include <string>

// The environment that ctest gives to a test program.
namespace vibestack {

// An environment variable that the test cannot do without; ends the test program when it is
// missing.
inline std::string RequiredEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) {
    std::fprintf(stderr, "%s is not set: run this test with ctest\n", name);
    std::exit(2);
  }
  return value;
}

// The migrated database of this test program, for its owner.
inline std::string DatabaseUrl() { return RequiredEnvironment("DATABASE_URL"); }

}  // namespace vibestack

#endif  // VIBESTACK_TESTS_SUPPORT_ENVIRONMENT_H_
