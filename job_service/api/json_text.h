#ifndef VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_
#define VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_

#include <string>
#include <string_view>

namespace vibestack::job_service {

// Nesting of arrays and objects that we take; PostgreSQL's stack allows some thousands.
inline constexpr int kMaxJsonDepth = 1'000;

// Why a text is not JSON that PostgreSQL's jsonb takes, for the caller; empty when it is. jsonb
// has no \u0000, no surrogate without its pair, and numbers only as NumericTakes says.
std::string JsonFault(std::string text);

// Appends `text` as a JSON string. It must be valid UTF-8.
void AppendJsonString(std::string_view text, std::string& json);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JSON_TEXT_H_
