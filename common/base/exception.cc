#include "common/base/exception.h"

#include <cxxabi.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <typeinfo>

#include "common/base/error.h"

namespace vibestack {
namespace {

void PrintType(const char* type) { std::fprintf(stderr, "unhandled exception: %s\n", type); }

std::atomic<void (*)(const char*)> reporter{&PrintType};

}  // namespace

void SetExceptionReporter(void (*report)(const char* type)) { reporter = report; }

void ReportException() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  const char* const mangled = type == nullptr ? "unknown" : type->name();
  int outcome = 0;
  char* const name = abi::__cxa_demangle(mangled, nullptr, nullptr, &outcome);
  try {
    reporter.load()(outcome == 0 ? name : mangled);
  } catch (...) {
    PrintType(mangled);  // Out of memory, most likely.
  }
  std::free(name);
}

absl::Status InternalErrorFromException() {
  ReportException();
  return InternalError("the service met an unexpected error; its log has the details");
}

}  // namespace vibestack
