#ifndef VIBESTACK_JOB_SERVICE_API_VALUE_TO_JSON_H_
#define VIBESTACK_JOB_SERVICE_API_VALUE_TO_JSON_H_

#include <google/protobuf/struct.pb.h>

#include <string>
#include <string_view>

#include "common/rpc/validator.h"

namespace vibestack::job_service {

// A Value as JSON text that PostgreSQL's jsonb takes. Adds a violation at the path under `field`
// where there is none: a member without a kind, NaN or an infinity, a NUL in a text. (How deep a
// Value can nest is bounded by protobuf's parser.)
std::string ValueToJson(std::string_view field, const google::protobuf::Value& value,
                        rpc::Validator& validator);

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_API_VALUE_TO_JSON_H_
