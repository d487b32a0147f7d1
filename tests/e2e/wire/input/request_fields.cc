#include "tests/e2e/wire/input/request_fields.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <memory>

namespace vibestack::e2e {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using Path = std::vector<const FieldDescriptor*>;

bool IsWhole(const FieldDescriptor& field) {
  if (field.type() != FieldDescriptor::TYPE_MESSAGE) return false;
  const std::string& type = field.message_type()->full_name();
  return type == "google.protobuf.Value" || type == "google.protobuf.FieldMask";
}

std::string Join(Path::const_iterator begin, Path::const_iterator end) {
  std::string name;
  for (auto field = begin; field != end; ++field) {
    name += (name.empty() ? "" : ".") + (*field)->name();
  }
  return name;
}

void Find(const Descriptor& type, const Path& outer, std::vector<TextField>& found) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    Path path = outer;
    path.push_back(field);
    if (field->type() == FieldDescriptor::TYPE_STRING) found.emplace_back(path);
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) continue;
    // A Value contains Values: one level is enough.
    const bool again = std::any_of(outer.begin(), outer.end(), [field](const auto* above) {
      return above->type() == FieldDescriptor::TYPE_MESSAGE &&
             above->message_type() == field->message_type();
    });
    if (!again) Find(*field->message_type(), path, found);
  }
}

void Set(Message& message, Path::const_iterator field, Path::const_iterator end,
         const std::string& value) {
  const auto& reflection = *message.GetReflection();
  if (field + 1 == end) {
    if ((*field)->is_repeated()) {
      reflection.AddString(&message, *field, value);
    } else {
      reflection.SetString(&message, *field, value);
    }
    return;
  }
  Message* inner = (*field)->is_repeated() ? reflection.AddMessage(&message, *field)
                                           : reflection.MutableMessage(&message, *field);
  Set(*inner, field + 1, end, value);
}

}  // namespace

std::string TextField::name() const { return Join(path_.begin(), path_.end()); }

bool TextField::IsNamedBy(const std::string& field) const {
  if (field == name()) return true;
  const auto whole = std::find_if(path_.begin(), path_.end(),
                                  [](const FieldDescriptor* part) { return IsWhole(*part); });
  if (whole == path_.end()) return false;
  const std::string name_of_whole = Join(path_.begin(), whole + 1);
  return field == name_of_whole || field.rfind(name_of_whole + ".", 0) == 0;
}

bool TextField::InJson() const {
  return path_.back()->name() == "result_json" || path_.back()->name() == "input_json" ||
         std::any_of(path_.begin(), path_.end(), [](const FieldDescriptor* field) {
           return field->type() == FieldDescriptor::TYPE_MESSAGE &&
                  field->message_type()->full_name() == "google.protobuf.Value";
         });
}

std::string TextField::Request(const std::string& value) const {
  const Descriptor* type = path_.front()->containing_type();
  std::unique_ptr<Message> request(MessageFactory::generated_factory()->GetPrototype(type)->New());
  // The service checks the id of the account first, and nothing else without it.
  if (type->name() == "UpdateUserRequest" && name() != "user.id") {
    Message* user =
        request->GetReflection()->MutableMessage(request.get(), type->FindFieldByName("user"));
    user->GetReflection()->SetString(user, user->GetDescriptor()->FindFieldByName("id"), "me");
  }
  Set(*request, path_.begin(), path_.end(), value);
  return request->SerializeAsString();
}

std::vector<TextField> TextFieldsOf(const Descriptor& request) {
  std::vector<TextField> found;
  Find(request, {}, found);
  return found;
}

}  // namespace vibestack::e2e
