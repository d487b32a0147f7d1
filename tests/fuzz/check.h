#ifndef VIBESTACK_TESTS_FUZZ_CHECK_H_
#define VIBESTACK_TESTS_FUZZ_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Ends the fuzz target with a finding unless the condition holds.
#define FUZZ_CHECK(condition)                                                             \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

#endif  // VIBESTACK_TESTS_FUZZ_CHECK_H_
