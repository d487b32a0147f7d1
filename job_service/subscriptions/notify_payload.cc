#include "job_service/subscriptions/notify_payload.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace vibestack::job_service {
namespace {

constexpr size_t kMaxIds = 15'000;
// 150 ids take 5,850 bytes. The last workflow of a payload starts within 1,200 bytes and takes at
// most 602: 100 characters as \uXXXX. (4-byte characters are not escaped.)
constexpr size_t kIdsOfPayload = 150;
constexpr size_t kWorkflowBytesOfPayload = 1'200;

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void Write(Writer& writer, const std::string& text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

std::string Head(std::string_view origin) { return "{\"from\":\"" + std::string(origin) + "\","; }

// Makes one payload from the front of both lists and advances the iterators.
std::string NextPayload(std::string_view origin, std::vector<std::string>::const_iterator& id,
                        std::vector<std::string>::const_iterator ids_end,
                        std::map<std::string, int>::const_iterator& workflow,
                        std::map<std::string, int>::const_iterator workflows_end) {
  rapidjson::StringBuffer ids;
  Writer id_writer(ids);
  id_writer.StartArray();
  for (size_t n = 0; n < kIdsOfPayload && id != ids_end; ++n, ++id) Write(id_writer, *id);
  id_writer.EndArray();
  rapidjson::StringBuffer workflows;
  Writer workflow_writer(workflows);
  workflow_writer.StartArray();
  while (workflow != workflows_end && workflows.GetSize() < kWorkflowBytesOfPayload) {
    Write(workflow_writer, workflow->first);
    ++workflow;
  }
  workflow_writer.EndArray();
  return Head(origin) + "\"ids\":" + ids.GetString() + ",\"pending\":" + workflows.GetString() +
         "}";
}

// Adds the payloads for deleted jobs. Each payload has the jobs of one user.
void AddDeletedPayloads(const JobChanges& changes, std::string_view origin,
                        std::vector<std::string>& payloads) {
  for (const auto& [user_id, ids] : changes.deleted) {
    for (size_t begin = 0; begin < ids.size(); begin += kIdsOfPayload) {
      rapidjson::StringBuffer users;
      Writer writer(users);
      writer.StartObject();
      Write(writer, user_id);
      writer.StartArray();
      const size_t end = std::min(ids.size(), begin + kIdsOfPayload);
      for (size_t i = begin; i < end; ++i) Write(writer, ids[i]);
      writer.EndArray();
      writer.EndObject();
      payloads.push_back(Head(origin) + "\"deleted\":" + users.GetString() + "}");
    }
  }
}

// The distinct ids of the changed jobs that still exist.
std::vector<std::string> IdsOf(const JobChanges& changes) {
  std::vector<std::string> ids = changes.changed;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (changes.deleted.empty()) return ids;
  absl::flat_hash_set<std::string> deleted;
  for (const auto& [user_id, gone] : changes.deleted) deleted.insert(gone.begin(), gone.end());
  std::erase_if(ids, [&deleted](const std::string& id) { return deleted.contains(id); });
  return ids;
}

}  // namespace

std::vector<std::string> EncodeNotifyPayloads(const JobChanges& changes, std::string_view origin) {
  if (changes.changed.size() > kMaxIds) return {Head(origin) + "\"resync\":true}"};
  const std::vector<std::string> ids = IdsOf(changes);
  std::vector<std::string> payloads;
  AddDeletedPayloads(changes, origin, payloads);
  auto id = ids.cbegin();
  auto workflow = changes.pending.begin();
  while (id != ids.cend() || workflow != changes.pending.end()) {
    payloads.push_back(NextPayload(origin, id, ids.cend(), workflow, changes.pending.end()));
  }
  return payloads;
}

bool IsFrom(std::string_view payload, std::string_view origin) {
  return payload.starts_with(Head(origin));
}

void MergeChanges(JobChanges more, JobChanges& changes) {
  if (changes.changed.empty()) {
    changes.changed = std::move(more.changed);
  } else {
    changes.changed.insert(changes.changed.end(), more.changed.begin(), more.changed.end());
  }
  for (auto& [user_id, ids] : more.deleted) {
    std::vector<std::string>& deleted = changes.deleted[user_id];
    deleted.insert(deleted.end(), ids.begin(), ids.end());
  }
  for (const auto& [workflow_id, jobs] : more.pending) changes.pending[workflow_id] += jobs;
}

}  // namespace vibestack::job_service
