#include "user_service/guess_options.h"

#include "absl/flags/flag.h"
#include "common/config/checks.h"

ABSL_FLAG(int32_t, guesses_from_address_at_account, 10,
          "Wrong passwords for one account from one address in --guess_window.");
ABSL_FLAG(int32_t, guesses_from_address, 100,
          "Wrong passwords and tokens from one address in --guess_window.");
ABSL_FLAG(int32_t, guesses_at_account, 100,
          "Wrong passwords for one account from everywhere in --guess_window; past it only "
          "addresses without one get in.");
ABSL_FLAG(absl::Duration, guess_window, absl::Minutes(10),
          "In which as many guesses as allowed are forgotten, evenly.");

namespace vibestack::user_service {

absl::StatusOr<GuessLimits::Options> ReadGuessOptions() {
  GuessLimits::Options options;
  options.per_account_and_address = absl::GetFlag(FLAGS_guesses_from_address_at_account);
  options.per_address = absl::GetFlag(FLAGS_guesses_from_address);
  options.per_account = absl::GetFlag(FLAGS_guesses_at_account);
  options.window = absl::GetFlag(FLAGS_guess_window);
  constexpr int kMost = 1'000'000;
  for (const absl::Status& check :
       {CheckRange("guesses_from_address_at_account", options.per_account_and_address, 1, kMost),
        CheckRange("guesses_from_address", options.per_address, 1, kMost),
        CheckRange("guesses_at_account", options.per_account, 1, kMost),
        CheckRange("guess_window", options.window, absl::Seconds(1), absl::Hours(24))}) {
    if (!check.ok()) return check;
  }
  return options;
}

}  // namespace vibestack::user_service
