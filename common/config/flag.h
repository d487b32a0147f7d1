#ifndef VIBESTACK_COMMON_CONFIG_FLAG_H_
#define VIBESTACK_COMMON_CONFIG_FLAG_H_

#include <string_view>

#include "absl/flags/flag.h"

// The macros that define a flag. Use them instead of ABSL_FLAG, so that --help lists the flag under
// its topic.
//
//   VIBESTACK_FLAG(kJobs, absl::Duration, lease_duration, absl::Seconds(60),
//                  "How long a worker keeps a job without a heartbeat. 10ms to 24h.");
//   VIBESTACK_REQUIRED_FLAG(kJobs, std::string, service_token_file, "File with ...");
//
// The description is plain English: whole sentences, the unit or the form of the value, and the
// range that the service accepts. --help adds the default and the environment variable. Read the
// value with absl::GetFlag(FLAGS_lease_duration).
namespace vibestack {

// The headings of --help, in the order in which it prints them.
enum class FlagTopic {
  kServing,
  kTls,
  kDatabase,
  kBatches,
  kLoggingAndTracing,
  kTokens,
  kPasswords,
  kRateLimits,
  kMail,
  kUserService,
  kJobs,
  kPushedWorkflows,
  kCommands,
};

// Tells --help the topic of a flag. Only for the macros below.
class FlagRegistration {
 public:
  // `name` must be a string literal.
  FlagRegistration(std::string_view name, FlagTopic topic, bool required);
};

}  // namespace vibestack

#define VIBESTACK_FLAG(topic, type, name, default_value, description)  \
  ABSL_FLAG(type, name, default_value, description);                   \
  static const ::vibestack::FlagRegistration flag_registration_##name( \
      #name, ::vibestack::FlagTopic::topic, false)

// A flag without a default. The service refuses to start without a value; CheckNotEmpty (checks.h)
// makes the message.
#define VIBESTACK_REQUIRED_FLAG(topic, type, name, description)        \
  ABSL_FLAG(type, name, {}, description);                              \
  static const ::vibestack::FlagRegistration flag_registration_##name( \
      #name, ::vibestack::FlagTopic::topic, true)

#endif  // VIBESTACK_COMMON_CONFIG_FLAG_H_
