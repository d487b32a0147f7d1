// Trace contexts in headers and in log lines; spans are empty while tracing is off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/telemetry/batch_span.h"
#include "common/telemetry/log.h"
#include "common/telemetry/span.h"
#include "common/telemetry/trace_headers.h"
#include "common/telemetry/tracing.h"

namespace vibestack {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceHeadersTest, AContextComesAndGoesUnchanged) {
  const auto context = ParseTraceHeaders(kParent, "vendor=a1,other=b2");
  ASSERT_TRUE(context.has_value());
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(TraceIdText(*context), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(SpanIdText(*context), "b7ad6b7169203331");
  const auto headers = TraceHeaders(*context);
  ASSERT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers[0], std::make_pair(std::string("traceparent"), std::string(kParent)));
  EXPECT_EQ(headers[1],
            std::make_pair(std::string("tracestate"), std::string("vendor=a1,other=b2")));
}

TEST(TraceHeadersTest, ATraceThatNobodyRecordsStaysSo) {
  const std::string parent = std::string(kParent).replace(53, 2, "00");
  const auto context = ParseTraceHeaders(parent, "");
  ASSERT_TRUE(context.has_value());
  EXPECT_FALSE(context->sampled);
  EXPECT_EQ(TraceHeaders(*context).front().second, parent);
}

TEST(TraceHeadersTest, WhatIsNoContextIsNone) {
  for (const char* parent : {"", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                             "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                             "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                             "00-0af7651916cd43dd8448eb211c8031zz-b7ad6b7169203331-01",
                             "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra"}) {
    EXPECT_FALSE(ParseTraceHeaders(parent, "a=b").has_value()) << parent;
  }
}

std::string Line(const TraceContext* context) {
  testing::internal::CaptureStderr();
  {
    const LogTrace outer(context);
    const LogTrace none(nullptr);
  }
  const LogTrace scope(context);
  Log(LogLevel::kInfo, "happened", {{"n", 1}});
  return testing::internal::GetCapturedStderr();
}

TEST(LogTraceTest, LinesWithinAScopeEndWithItsIds) {
  const auto context = ParseTraceHeaders(kParent, "");
  EXPECT_THAT(Line(&*context), EndsWith("\"n\":1,\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
                                        "\"span_id\":\"b7ad6b7169203331\"}\n"));
  EXPECT_THAT(Line(nullptr), Not(HasSubstr("trace_id")));
}

TEST(VerboseLogTest, AllLevelsAreWrittenWhileItIsVerboseAndThenTheChosenOnesAgain) {
  ASSERT_TRUE(SetLogLevel("warning").ok());
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  SetVerboseLog(true);
  EXPECT_TRUE(LogEnabled(LogLevel::kDebug));
  SetVerboseLog(false);
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  EXPECT_TRUE(LogEnabled(LogLevel::kWarning));
  ASSERT_TRUE(SetLogLevel("info").ok());
}

TEST(TracingTest, OffThereAreNoSpans) {
  const auto context = ParseTraceHeaders(kParent, "");
  StartTracing({}, "test");
  EXPECT_FALSE(TracingEnabled());
  Span span = StartRootSpan("call", SpanKind::kServer, &*context);
  EXPECT_EQ(span.context(), nullptr);
  span.Set("key", "value");
  span.Fail("reason");
  span.End();
  EXPECT_EQ(StartSpan("statement", SpanKind::kClient, &*context).context(), nullptr);
  EXPECT_EQ(BatchSpans("get_user"), nullptr);
  StopTracing(absl::ZeroDuration());
}

TEST(TracingTest, OnSpansOfARecordedTraceAreWithinItAndOthersAreNone) {
  // No collector listens at that endpoint, and nothing waits for one.
  StartTracing({.endpoint = "http://127.0.0.1:1", .sample_ratio = 0}, "test");
  const auto recorded = ParseTraceHeaders(kParent, "");
  const Span span = StartRootSpan("call", SpanKind::kServer, &*recorded);
  ASSERT_NE(span.context(), nullptr);
  EXPECT_EQ(span.context()->trace_id, recorded->trace_id);
  EXPECT_NE(span.context()->span_id, recorded->span_id);
  EXPECT_NE(StartSpan("statement", SpanKind::kClient, span.context()).context(), nullptr);
  const Span unrecorded = StartRootSpan("call", SpanKind::kServer, nullptr);
  ASSERT_NE(unrecorded.context(), nullptr);
  EXPECT_FALSE(unrecorded.context()->sampled);
  EXPECT_EQ(StartSpan("statement", SpanKind::kClient, unrecorded.context()).context(), nullptr);
  EXPECT_EQ(StartSpan("statement", SpanKind::kClient, nullptr).context(), nullptr);
  const auto begin_trace = BatchSpans("get_user");
  ASSERT_NE(begin_trace, nullptr);
  const auto batch = begin_trace({unrecorded.context(), span.context()});
  EXPECT_EQ(batch->context()->trace_id, recorded->trace_id);
  EXPECT_EQ(begin_trace({unrecorded.context()})->context(), unrecorded.context());
  StopTracing(absl::ZeroDuration());
  EXPECT_FALSE(TracingEnabled());
}

}  // namespace
}  // namespace vibestack
