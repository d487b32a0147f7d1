#include "common/config/help.h"

#include <iterator>
#include <map>
#include <utility>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/config/flag.h"

namespace vibestack {
namespace {

constexpr size_t kLineWidth = 100;

struct FlagDetails {
  FlagTopic topic;
  bool required;
};

// Filled before main() starts; read afterwards.
std::map<std::string_view, FlagDetails>& Details() {
  static std::map<std::string_view, FlagDetails>& details =
      *new std::map<std::string_view, FlagDetails>;
  return details;
}

std::string Heading(FlagTopic topic) {
  switch (topic) {
    case FlagTopic::kServing:
      return "Serving";
    case FlagTopic::kTls:
      return "TLS";
    case FlagTopic::kDatabase:
      return "Database";
    case FlagTopic::kBatches:
      return "Batches";
    case FlagTopic::kLoggingAndTracing:
      return "Logging and tracing";
    case FlagTopic::kTokens:
      return "Tokens";
    case FlagTopic::kPasswords:
      return "Passwords";
    case FlagTopic::kRateLimits:
      return "Rate limits";
    case FlagTopic::kMail:
      return "Mail and sign-up";
    case FlagTopic::kUserService:
      return "Calls to user_service";
    case FlagTopic::kJobs:
      return "Jobs";
    case FlagTopic::kPushedWorkflows:
      return "Pushed workflows";
    case FlagTopic::kCommands:
      return "Commands";
  }
  return "Other";
}

// The text in lines of at most kLineWidth characters, each indented.
std::string Wrapped(const std::string& text, const std::string& indent) {
  std::string lines;
  std::string line;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!line.empty() && indent.size() + line.size() + 1 + word.size() > kLineWidth) {
      absl::StrAppend(&lines, indent, line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
  }
  absl::StrAppend(&lines, indent, line, "\n");
  return lines;
}

std::string DefaultOf(const absl::CommandLineFlag& flag, bool required) {
  if (required) return "required";
  const std::string value = flag.CurrentValue();
  return value.empty() ? "no default" : absl::StrCat("default ", value);
}

std::string Entry(const std::string& name, const absl::CommandLineFlag& flag, bool required) {
  return absl::StrCat("  --", name, " (", DefaultOf(flag, required), "; environment ",
                      absl::StrJoin(VariablesOf(name), " or "), ")\n",
                      Wrapped(flag.Help(), "      "));
}

}  // namespace

FlagRegistration::FlagRegistration(std::string_view name, FlagTopic topic, bool required) {
  Details().emplace(name, FlagDetails{topic, required});
}

bool IsOurFlag(absl::string_view file) {
  return file.find("absl/flags/") == absl::string_view::npos;
}

std::vector<std::string> VariablesOf(std::string_view name) {
  const std::string upper = absl::AsciiStrToUpper(absl::string_view(name.data(), name.size()));
  std::vector<std::string> variables = {"VIBESTACK_" + upper};
  if (name == "database_url") variables.push_back("DATABASE_URL");
  return variables;
}

std::string HelpText(std::string_view usage) {
  std::map<FlagTopic, std::map<std::string, std::string>> topics;
  std::map<std::string, std::string> others;
  for (const auto& [key, flag] : absl::GetAllFlags()) {
    if (!IsOurFlag(flag->Filename())) continue;
    const std::string name(key.data(), key.size());
    const auto details = Details().find(name);
    if (details == Details().end()) {
      others[name] = Entry(name, *flag, false);
    } else {
      topics[details->second.topic][name] = Entry(name, *flag, details->second.required);
    }
  }
  std::string text(usage);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  absl::StrAppend(&text,
                  "\n\nEach flag takes its value from the command line, else from its environment "
                  "variable, else its\ndefault. Durations are written as 500ms, 30s, 15m or 1h.\n");
  const auto append = [&text](const std::string& heading, const auto& entries) {
    absl::StrAppend(&text, "\n", heading, ":\n");
    for (const auto& [name, entry] : entries) absl::StrAppend(&text, entry);
  };
  for (const auto& [topic, entries] : topics) append(Heading(topic), entries);
  if (!others.empty()) append("Other", others);
  return text;
}

}  // namespace vibestack
