#ifndef VIBESTACK_JOB_SERVICE_API_VALUE_TO_JSON_H_
#define VIBESTACK_JOB_SERVICE_API_VALUE_TO_JSON_H_

#include <google/protobuf/struct.pb.h>

#include <string>
#include <string_view>

#include "common/rpc/validator.h"

namespace vibestack::job_service {

// Converts a Value to JSON text that PostgreSQL's jsonb accepts. Adds a violation, with the path
// below `field`, for a member without a kind, NaN, an infinity, or a NUL in a string. Does not
// check the nesting, because protobuf's parser bounds it.
std::string ValueToJson(std::string_view field, const google::protobuf::Value& value,
                        rpc::Validator& validator);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_VALUE_TO_JSON_H_
