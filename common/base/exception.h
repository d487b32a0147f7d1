#ifndef VIBESTACK_COMMON_BASE_EXCEPTION_H_
#define VIBESTACK_COMMON_BASE_EXCEPTION_H_

#include "absl/status/status.h"

// The last catch for exceptions. Errors are values (absl::Status); an exception is a defect, or
// memory ran out. It must not end the process: each task, thread and callback that can throw
// catches it, and its caller gets INTERNAL. All functions are thread-safe.
namespace vibestack {

// Call it in a catch block. Reports the exception and returns INTERNAL with ErrorInfo.
absl::Status InternalErrorFromException();

// Call it in a catch block. Reports the exception, for code that has no caller to answer.
void ReportException();

// Replaces what reports an exception; `type` is the name of its C++ type. The text of an exception
// may hold SQL or data of callers, so nobody reports it. Until the first call, a line on stderr.
void SetExceptionReporter(void (*report)(const char* type));

// Calls `work` and reports an exception that leaves it. Returns whether none did.
template <typename Work>
bool CatchAll(Work&& work) {
  try {
    work();
    return true;
  } catch (...) {
    ReportException();
    return false;
  }
}

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_BASE_EXCEPTION_H_
