#ifndef VIBESTACK_JOB_SERVICE_API_JSON_NUMBER_H_
#define VIBESTACK_JOB_SERVICE_API_JSON_NUMBER_H_

#include <string>
#include <string_view>

namespace vibestack::job_service {

// Whether `text` is a JSON number (RFC 8259, section 6).
bool IsJsonNumber(std::string_view text);

// Whether PostgreSQL's type numeric can hold a JSON number: up to 131,072 digits before the decimal
// point and 16,383 after it (manual, 8.1.2). `number` must be a JSON number.
bool NumericTakes(std::string_view number);

// The number of characters that PostgreSQL prints for a JSON number; NumericTakes(number) must be
// true. PostgreSQL never prints an exponent, so 1e100 has 101 digits.
size_t NumericTextSize(std::string_view number);

// A finite double as a JSON number: an integer if that is exact, else the shortest text that parses
// to the same double.
std::string NumberText(double number);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_JSON_NUMBER_H_
