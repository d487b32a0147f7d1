#include "job_service/domain/envelope.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "rapidjson/document.h"

namespace vibestack::job_service {
namespace {

constexpr char kTimeFormat[] = "%Y-%m-%d%ET%H:%M:%E6SZ";
constexpr int kMaxNumber = 1'000'000;
// Bounds for the errors, which another program may have written. Ours are smaller.
constexpr rapidjson::SizeType kMaxErrors = 10;
constexpr size_t kMaxCodeBytes = 400;
constexpr size_t kMaxMessageBytes = 2'000;

// The end of the JSON string that begins at `begin`, past its closing quote.
size_t EndOfString(std::string_view json, size_t begin) {
  size_t at = begin + 1;
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
  return std::min(at + 1, json.size());
}

// The end of the value that begins at `begin`: the place of the comma or bracket behind it.
size_t EndOfValue(std::string_view json, size_t begin) {
  int depth = 0;
  size_t at = begin;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = EndOfString(json, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth < 0 || (depth == 0 && c == ',')) return at;
    ++at;
  }
  return at;
}

// Calls `visit(key, value)` for each member of the object `json`, in PostgreSQL's form: `: ` and
// `, ` stand between the parts. The key is without its quotes, and not unescaped. A visit that
// parsed the text would lose the digits of large numbers.
void VisitMembers(std::string_view json,
                  const std::function<void(std::string_view, std::string_view)>& visit) {
  size_t at = 1;
  while (at < json.size() && json[at] == '"') {
    const size_t key_end = EndOfString(json, at);
    const size_t begin = key_end + 2;
    if (begin >= json.size()) return;
    const size_t end = EndOfValue(json, begin);
    visit(json.substr(at + 1, key_end - at - 2), json.substr(begin, end - begin));
    at = end + 2;
  }
}

// A whole number up to kMaxNumber; `least` for a smaller one. Nothing for any other value.
std::optional<int> ReadNumber(std::string_view json, int least) {
  double number = 0;
  const bool is_number = json.find_first_not_of("0123456789+-.eE") == std::string_view::npos &&
                         absl::SimpleAtod(absl::string_view(json.data(), json.size()), &number);
  if (!is_number) return std::nullopt;
  return static_cast<int>(
      std::clamp(number, static_cast<double>(least), static_cast<double>(kMaxNumber)));
}

std::optional<absl::Time> ReadTime(std::string_view text) {
  // The range of google.protobuf.Timestamp. absl also takes later years and "infinite-future".
  const absl::Time first = absl::FromUnixSeconds(-62'135'596'800);
  const absl::Time end = absl::FromUnixSeconds(253'402'300'800);
  absl::Time time;
  std::string error;
  const bool is_time = absl::ParseTime(absl::RFC3339_full,
                                       absl::string_view(text.data(), text.size()), &time, &error);
  if (!is_time || time < first || time >= end) return std::nullopt;
  return time;
}

std::string_view Unquoted(std::string_view json) {
  return json.size() >= 2 && json[0] == '"' ? json.substr(1, json.size() - 2) : "";
}

// A text of the object, cut to whole characters of at most `max_bytes`.
std::string ReadText(const rapidjson::Value& object, const char* name, size_t max_bytes) {
  const auto member = object.FindMember(name);
  if (member == object.MemberEnd() || !member->value.IsString()) return "";
  const std::string_view text(member->value.GetString(), member->value.GetStringLength());
  size_t size = std::min(text.size(), max_bytes);
  const auto is_inside = [&text](size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  while (size > 0 && is_inside(size)) --size;
  return std::string(text.substr(0, size));
}

std::vector<AttemptError> ReadErrors(std::string_view json) {
  std::vector<AttemptError> errors;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError() || !document.IsArray()) return errors;
  const rapidjson::SizeType count = document.Size();
  for (auto i = count - std::min(count, kMaxErrors); i < count; ++i) {
    const rapidjson::Value& item = document[i];
    if (!item.IsObject()) continue;
    AttemptError error;
    error.time = ReadTime(ReadText(item, "time", 64));
    const auto attempt = item.FindMember("attempt");
    if (attempt != item.MemberEnd() && attempt->value.IsInt()) {
      error.attempt = std::clamp(attempt->value.GetInt(), 0, kMaxNumber);
    }
    error.code = ReadText(item, "code", kMaxCodeBytes);
    error.message = ReadText(item, "message", kMaxMessageBytes);
    errors.push_back(std::move(error));
  }
  return errors;
}

}  // namespace

std::string MakeEnvelope(const NewJob& job) {
  std::string members;
  if (!job.input.empty()) absl::StrAppend(&members, ",\"input\":", job.input);
  if (job.max_attempts > 0) absl::StrAppend(&members, ",\"max_attempts\":", job.max_attempts);
  if (job.not_before.has_value()) {
    absl::StrAppend(&members, ",\"schedule\":\"waiting\",\"not_before\":\"",
                    absl::FormatTime(kTimeFormat, *job.not_before, absl::UTCTimeZone()), "\"");
  }
  if (members.empty() && !job.delay.has_value()) return "";
  return absl::StrCat("{\"vibestack_job\":1", members, "}");
}

void ReadPayload(std::string payload, Job& job) {
  // PostgreSQL prints the number 1 as it was written, as 1.0 for example.
  const auto is_mark = [](std::string_view key, std::string_view value) {
    if (key != "vibestack_job" || !value.starts_with('1')) return false;
    return value == "1" ||
           (value.starts_with("1.") && value.find_first_not_of('0', 2) == value.npos);
  };
  bool is_envelope = false;
  if (job.status != JobStatus::kCompleted && !payload.empty() && payload[0] == '{') {
    VisitMembers(payload, [&](std::string_view key, std::string_view value) {
      is_envelope = is_envelope || is_mark(key, value);
    });
  }
  if (!is_envelope) {
    job.result = std::move(payload);
    return;
  }
  VisitMembers(payload, [&job](std::string_view key, std::string_view value) {
    const bool has_failed = job.status == JobStatus::kFailed;
    if (key == "input") job.input = std::string(value);
    if (key == "attempts") job.failed_attempts = ReadNumber(value, 0).value_or(0);
    if (key == "max_attempts") job.max_attempts = ReadNumber(value, 1).value_or(0);
    if (key == "not_before") job.not_before = ReadTime(Unquoted(value));
    if (key == "first_request") job.first_request = ReadTime(Unquoted(value));
    if (key == "errors") job.errors = ReadErrors(value);
    if (key == "progress" && !has_failed) job.result = std::string(value);
    if (key == "error" && has_failed) {
      job.result = "{\"error\": ";
      job.result->append(value).append("}");
    }
  });
}

}  // namespace vibestack::job_service
