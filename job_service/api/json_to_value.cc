#include "job_service/api/json_to_value.h"

#include <cmath>
#include <vector>

#include "absl/strings/numbers.h"
#include "rapidjson/memorystream.h"
#include "rapidjson/reader.h"

namespace vibestack::job_service {
namespace {

using google::protobuf::Value;

// The nesting that is left for a Value: protobuf's limit of 100, less the messages around the Value
// in the deepest response.
constexpr int kMaxLevels = 94;
constexpr int kObjectLevels = 3;  // Struct, map entry, Value.
constexpr int kArrayLevels = 2;   // ListValue, Value.

class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  explicit Builder(Value& root) : root_(root) {}

  bool Null() {
    Next().set_null_value(google::protobuf::NULL_VALUE);
    return true;
  }
  bool Bool(bool yes) {
    Next().set_bool_value(yes);
    return true;
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    double number = 0;
    if (!absl::SimpleAtod(absl::string_view(text, size), &number) || std::isinf(number)) {
      return false;
    }
    Next().set_number_value(number);
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    Next().set_string_value(text, size);
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    key_.assign(text, size);
    return true;
  }
  bool StartObject() {
    Value& object = Next();
    object.mutable_struct_value();
    return Enter(object, kObjectLevels);
  }
  bool StartArray() {
    Value& array = Next();
    array.mutable_list_value();
    return Enter(array, kArrayLevels);
  }
  bool EndObject(rapidjson::SizeType) { return Leave(kObjectLevels); }
  bool EndArray(rapidjson::SizeType) { return Leave(kArrayLevels); }

 private:
  // Where the next value goes.
  Value& Next() {
    if (open_.empty()) return root_;
    Value& parent = *open_.back();
    if (parent.has_list_value()) return *parent.mutable_list_value()->add_values();
    return (*parent.mutable_struct_value()->mutable_fields())[key_];
  }
  bool Enter(Value& value, int levels) {
    open_.push_back(&value);
    levels_ += levels;
    return levels_ <= kMaxLevels;
  }
  bool Leave(int levels) {
    open_.pop_back();
    levels_ -= levels;
    return true;
  }

  Value& root_;
  std::vector<Value*> open_;
  std::string key_;
  int levels_ = 0;
};

}  // namespace

bool JsonToValue(const std::string& json, Value& value) {
  rapidjson::MemoryStream stream(json.data(), json.size());
  rapidjson::Reader reader;
  Builder builder(value);
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  return !reader.Parse<kFlags>(stream, builder).IsError();
}

}  // namespace vibestack::job_service
