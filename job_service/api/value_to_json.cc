#include "job_service/api/value_to_json.h"

#include <cmath>
#include <utility>

#include "job_service/api/json_number.h"
#include "job_service/api/json_text.h"

namespace vibestack::job_service {
namespace {

using google::protobuf::Value;

constexpr size_t kMaxKeyInPath = 50;

class Writer {
 public:
  Writer(std::string_view field, rpc::Validator& validator) : path_(field), validator_(validator) {}

  void Write(const Value& value) {
    switch (value.kind_case()) {
      case Value::kNullValue:
        json_ += "null";
        return;
      case Value::kBoolValue:
        json_ += value.bool_value() ? "true" : "false";
        return;
      case Value::kNumberValue:
        return WriteNumber(value.number_value());
      case Value::kStringValue:
        return WriteString(value.string_value());
      case Value::kStructValue:
        return WriteObject(value.struct_value());
      case Value::kListValue:
        return WriteArray(value.list_value());
      case Value::KIND_NOT_SET:
        Refuse("is a Value without a kind; use null_value for null");
        return;
    }
  }

  std::string Finish() { return std::move(json_); }

 private:
  // Reports the first violation only, because a large Value may have very many.
  void Refuse(std::string_view why) {
    if (!refused_) validator_.Add(path_, why);
    refused_ = true;
  }

  void WriteNumber(double number) {
    if (!std::isfinite(number)) {
      Refuse("must be finite: JSON has no NaN and no infinity");
      return;
    }
    json_ += NumberText(number);
  }

  void WriteString(const std::string& text) {
    if (text.find('\0') != std::string::npos) {
      Refuse("must not contain NUL");
      return;
    }
    AppendJsonString(text, json_);
  }

  void WriteObject(const google::protobuf::Struct& object) {
    json_ += '{';
    const size_t parent = path_.size();
    bool first = true;
    for (const auto& [key, value] : object.fields()) {
      if (!first) json_ += ',';
      first = false;
      path_ += '.';
      path_ += key.size() <= kMaxKeyInPath && key.find('\0') == std::string::npos ? key : "*";
      WriteString(key);
      json_ += ':';
      Write(value);
      path_.resize(parent);
    }
    json_ += '}';
  }

  void WriteArray(const google::protobuf::ListValue& array) {
    json_ += '[';
    const size_t parent = path_.size();
    for (int i = 0; i < array.values_size(); ++i) {
      if (i > 0) json_ += ',';
      path_ += '[' + std::to_string(i) + ']';
      Write(array.values(i));
      path_.resize(parent);
    }
    json_ += ']';
  }

  std::string path_;
  rpc::Validator& validator_;
  bool refused_ = false;
  std::string json_;
};

}  // namespace

std::string ValueToJson(std::string_view field, const Value& value, rpc::Validator& validator) {
  Writer writer(field, validator);
  writer.Write(value);
  return writer.Finish();
}

}  // namespace vibestack::job_service
