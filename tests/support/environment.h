#ifndef VIBESTACK_TESTS_SUPPORT_ENVIRONMENT_H_
#define VIBESTACK_TESTS_SUPPORT_ENVIRONMENT_H_

#include <cstdio>
#include <cstdlib>
#include <string>

// The environment that ctest gives to a test program.
namespace vibestack {

// Returns an environment variable. Ends the test program if it is not set.
inline std::string RequiredEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) {
    std::fprintf(stderr, "%s is not set: run this test with ctest\n", name);
    std::exit(2);
  }
  return value;
}

// The URL of this test program's migrated database, for the owner of its tables.
inline std::string DatabaseUrl() { return RequiredEnvironment("DATABASE_URL"); }

}  // namespace vibestack

#endif  // VIBESTACK_TESTS_SUPPORT_ENVIRONMENT_H_
