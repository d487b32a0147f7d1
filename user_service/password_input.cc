#include "user_service/password_input.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "user_service/domain/input_rules.h"

namespace vibestack::user_service {
namespace {

// Prompts, and turns off the terminal's echo, until destruction. Does nothing if stdin is no
// terminal.
class HiddenInput {
 public:
  HiddenInput() : is_terminal_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!is_terminal_) return;
    std::fputs("Password (empty keeps the password of an existing account): ", stderr);
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  ~HiddenInput() {
    if (!is_terminal_) return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputc('\n', stderr);
  }
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;

 private:
  termios before_{};
  const bool is_terminal_;
};

std::string ReadLine() {
  const HiddenInput hidden;
  std::string line;
  std::getline(std::cin, line);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

}  // namespace

absl::StatusOr<Secret> ReadPassword() {
  const char* given = std::getenv("VIBESTACK_PASSWORD");
  Secret password(given != nullptr ? std::string(given) : ReadLine());
  if (password.empty()) return password;
  const std::optional<std::string> problem = PasswordProblem(password);
  if (problem.has_value()) return absl::InvalidArgumentError("the password " + *problem);
  return password;
}

}  // namespace vibestack::user_service
