#include "job_service/subscriptions/change_listener.h"

#include <utility>

#include "common/db/listener_metrics.h"
#include "job_service/domain/job_changes.h"
#include "job_service/subscriptions/notify_payload.h"

namespace vibestack::job_service {

ChangeListener::ChangeListener(Options options, rpc::AccountCache& accounts,
                               JobSubscriptions& job_subscriptions,
                               FilterSubscriptions& filter_subscriptions, Metrics& metrics)
    : options_(std::move(options)),
      accounts_(accounts),
      job_subscriptions_(job_subscriptions),
      filter_subscriptions_(filter_subscriptions),
      listener_(ListenerOptions()),
      metrics_(db::RegisterListenerMetrics(metrics, listener_)) {}

db::ListenerOptions ChangeListener::ListenerOptions() {
  db::ListenerOptions listen;
  listen.database_url = options_.database_url;
  listen.application_name = "job_service_listener";
  listen.channels = {db::kUsersChannel, db::kJobsChannel};
  listen.on_notification = [this](const std::string& channel, const std::string& payload) {
    OnNotification(channel, payload);
  };
  listen.on_listening = [this] {
    filter_subscriptions_.SetListening(true);
    Resync();
  };
  listen.on_lost = [this] {
    filter_subscriptions_.SetListening(false);
    options_.on_lost();
  };
  return listen;
}

void ChangeListener::OnNotification(const std::string& channel, const std::string& payload) {
  if (channel == db::kUsersChannel) return OnUsersChanged(db::ParseChangeEvent(payload));
  if (!IsFrom(payload, options_.origin)) OnJobsChanged(db::ParseChangeEvent(payload));
}

void ChangeListener::OnUsersChanged(const db::ChangeEvent& event) {
  if (event.resync) return Resync();
  for (const std::string& id : event.ids) accounts_.Invalidate(id);
  job_subscriptions_.NotifyUsers(event.ids);
}

void ChangeListener::OnJobsChanged(db::ChangeEvent event) {
  if (event.resync) {
    filter_subscriptions_.Resync();
    return job_subscriptions_.Resync();
  }
  JobChanges changes;
  changes.changed = std::move(event.ids);
  changes.deleted = std::move(event.deleted);
  for (std::string& workflow_id : event.pending) ++changes.pending[std::move(workflow_id)];
  filter_subscriptions_.Notify(changes);
  job_subscriptions_.Notify(changes);
}

void ChangeListener::Resync() {
  accounts_.InvalidateAll();
  filter_subscriptions_.Resync();
  job_subscriptions_.Resync();
}

}  // namespace vibestack::job_service
