// Tracing allocates nothing while it is off. A separate program, because it counts every
// allocation.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "common/telemetry/batch_span.h"
#include "common/telemetry/span.h"

namespace {

thread_local int allocations = 0;

}  // namespace

// (noinline: otherwise the compiler warns that new and free do not match.)
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace vibestack {
namespace {

TEST(TracingOffTest, NothingIsAllocated) {
  const TraceContext context{.sampled = true};
  EXPECT_FALSE(TracingEnabled());  // the first call allocates the process's singleton
  const int counted = allocations;
  const auto one = std::make_unique<int>(1);
  ASSERT_GT(allocations, counted + *one - 1) << "allocations are not counted";
  const int before = allocations;
  {
    Span call = StartRootSpan("vibestack.user.v1.UserService/GetUser", SpanKind::kServer, &context);
    Span statement = StartSpan("get_users_by_ids", SpanKind::kClient, &context);
    call.Set("rpc.service", "vibestack.user.v1.UserService");
    statement.Fail("a reason that is too long for the small string optimisation");
    call = std::move(statement);
    call.End();
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(BatchSpans("users_by_id"), nullptr);
}

}  // namespace
}  // namespace vibestack
