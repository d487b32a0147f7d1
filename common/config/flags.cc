#include "common/config/flags.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <utility>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage_config.h"
#include "absl/time/time.h"
#include "common/config/help.h"

namespace vibestack {
namespace {

using absl::CommandLineFlag;

std::string BaseName(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
}

// Sets the text of --version. Only the first call counts.
void DescribeProgram(std::string_view program) {
  static const bool once = [&] {
    absl::FlagsUsageConfig config;
    config.version_string = [name = BaseName(program)] {
      return name + " " + VIBESTACK_VERSION + "\n";
    };
    absl::SetFlagsUsageConfig(std::move(config));
    return true;
  }();
  static_cast<void>(once);
}

std::string Expectation(const CommandLineFlag& flag) {
  if (flag.IsOfType<bool>()) return "true or false";
  if (flag.IsOfType<int32_t>() || flag.IsOfType<int64_t>()) return "a whole number";
  if (flag.IsOfType<uint32_t>() || flag.IsOfType<uint64_t>()) return "a whole number of 0 or more";
  if (flag.IsOfType<double>()) return "a number";
  if (flag.IsOfType<absl::Duration>()) return "a duration such as 500ms, 30s or 15m";
  return "a valid value";
}

absl::Status Set(CommandLineFlag& flag, std::string_view value, const std::string& source) {
  std::string ignored;  // it quotes the value
  if (flag.ParseFrom(std::string(value), &ignored)) return absl::OkStatus();
  return absl::InvalidArgumentError(source + " must be " + Expectation(flag));
}

// Flags that Abseil handles without defining them.
bool IsUsageFlag(std::string_view name) {
  return name.starts_with("help") || name == "version" || name == "only_check_args";
}

struct Argument {
  std::string name;
  std::optional<std::string> value;
};

// `--name`, `--name=value` or the same with one hyphen; nothing for positional arguments.
std::optional<Argument> AsFlag(std::string_view text) {
  if (text.size() < 2 || text[0] != '-') return std::nullopt;
  text.remove_prefix(text[1] == '-' ? 2 : 1);
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return Argument{std::string(text), std::nullopt};
  return Argument{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

// Checks the command line before Abseil parses it. After a mistake Abseil would end the process
// with its own message, which quotes the value.
class CommandLine {
 public:
  CommandLine(int argc, char** argv) : arguments_(argv + 1, argv + argc) {}

  // Checks each flag up to `--`.
  absl::Status Check() {
    for (size_t i = 0; i < arguments_.size() && arguments_[i] != "--"; ++i) {
      const auto argument = AsFlag(arguments_[i]);
      if (!argument.has_value()) continue;
      bool takes_next = false;
      absl::Status status = CheckOne(*argument, i, takes_next);
      if (!status.ok()) return status;
      if (takes_next) ++i;
    }
    return absl::OkStatus();
  }

  bool Gives(const std::string& name) const { return given_.contains(name); }
  bool asks_for_help() const { return asks_for_help_; }

 private:
  absl::Status CheckOne(const Argument& argument, size_t index, bool& takes_next) {
    if (IsUsageFlag(argument.name)) {
      asks_for_help_ |= argument.name.starts_with("help");
      return absl::OkStatus();
    }
    CommandLineFlag* flag = absl::FindCommandLineFlag(argument.name);
    if (flag == nullptr) return CheckNegation(argument);
    given_.insert(argument.name);
    const std::string source = "--" + argument.name;
    if (argument.value.has_value()) return Set(*flag, *argument.value, source);
    if (flag->IsOfType<bool>()) return absl::OkStatus();
    if (index + 1 == arguments_.size()) {
      return absl::InvalidArgumentError(source + " needs a value: " + Expectation(*flag));
    }
    takes_next = true;
    return Set(*flag, arguments_[index + 1], source);
  }

  // `--noname` sets a bool to false.
  absl::Status CheckNegation(const Argument& argument) {
    if (argument.name.starts_with("no") && !argument.value.has_value()) {
      const std::string name = argument.name.substr(2);
      const CommandLineFlag* flag = absl::FindCommandLineFlag(name);
      if (flag != nullptr && flag->IsOfType<bool>()) {
        given_.insert(name);
        return absl::OkStatus();
      }
    }
    return absl::InvalidArgumentError("unknown flag --" + argument.name +
                                      "; --help lists the flags");
  }

  std::vector<std::string> arguments_;
  std::set<std::string> given_;
  bool asks_for_help_ = false;
};

absl::Status SetFromEnvironment(CommandLineFlag& flag) {
  const std::string name(flag.Name().data(), flag.Name().size());
  for (const std::string& variable : VariablesOf(name)) {
    const char* value = std::getenv(variable.c_str());
    if (value == nullptr || *value == '\0') continue;
    return Set(flag, value, "the environment variable " + variable);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ParseFlags(int argc, char** argv, std::string_view usage,
                                                    const FlagDefaults& defaults) {
  for (const auto& [name, value] : defaults) {
    CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    if (flag == nullptr) return absl::InternalError("unknown flag --" + name);
    if (absl::Status status = Set(*flag, value, "--" + name); !status.ok()) return status;
  }
  // The check below sets flags, so make the text first: it shows defaults.
  const std::string help = HelpText(usage);
  DescribeProgram(argv[0]);
  CommandLine command_line(argc, argv);
  if (absl::Status status = command_line.Check(); !status.ok()) return status;
  if (command_line.asks_for_help()) {
    std::fputs(help.c_str(), stdout);
    std::exit(std::fflush(stdout) == 0 ? 0 : 1);
  }
  for (auto& [name, flag] : absl::GetAllFlags()) {
    const std::string key(name.data(), name.size());
    if (!IsOurFlag(flag->Filename()) || command_line.Gives(key)) continue;
    if (absl::Status status = SetFromEnvironment(*flag); !status.ok()) return status;
  }
  const std::vector<char*> positional = absl::ParseCommandLine(argc, argv);
  return std::vector<std::string>(positional.begin() + 1, positional.end());
}

}  // namespace vibestack
