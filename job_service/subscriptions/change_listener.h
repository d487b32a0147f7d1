#ifndef VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_CHANGE_LISTENER_H_
#define VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_CHANGE_LISTENER_H_

#include <functional>
#include <string>
#include <vector>

#include "common/db/change_event.h"
#include "common/db/listener.h"
#include "common/rpc/account_source.h"
#include "common/telemetry/metrics.h"
#include "job_service/subscriptions/filter_subscriptions.h"
#include "job_service/subscriptions/job_subscriptions.h"

namespace vibestack::job_service {

// Receives the change events of all replicas (NOTIFY on the channels of users and agent_jobs) and
// notifies the subscriptions of this replica. Before that it drops changed users from the account
// cache, so that a woken call sees the new state of the account.
//
// Change events are lost while the connection is down. After a reconnect, and after a malformed
// payload about users, all subscriptions and the whole account cache resync. After a malformed
// payload about jobs, all subscriptions resync. Thread-safe.
class ChangeListener {
 public:
  struct Options {
    std::string database_url;
    // Publisher::origin() of this replica. Payloads with this origin are ignored, because the
    // Publisher has notified the subscriptions of this replica itself.
    std::string origin;
    // Called when the connection is lost, on the listener's thread. Must not block.
    std::function<void()> on_lost = [] {};
  };

  // Starts to listen, on its own thread. All arguments must outlive this.
  ChangeListener(Options options, rpc::AccountCache& accounts, JobSubscriptions& job_subscriptions,
                 FilterSubscriptions& filter_subscriptions, Metrics& metrics);
  ChangeListener(const ChangeListener&) = delete;
  ChangeListener& operator=(const ChangeListener&) = delete;
  ~ChangeListener() { Stop(); }

  // Stops listening and joins the thread. May be called twice.
  void Stop() { listener_.Stop(); }

  // Ends the connection, so that Stop() does not wait for a database that does not answer.
  void GiveUp() { listener_.GiveUp(); }

 private:
  db::ListenerOptions ListenerOptions();
  void OnNotification(const std::string& channel, const std::string& payload);
  void OnUsersChanged(const db::ChangeEvent& event);
  void OnJobsChanged(db::ChangeEvent event);
  // Resyncs everything, because change events may be lost.
  void Resync();

  const Options options_;
  rpc::AccountCache& accounts_;
  JobSubscriptions& job_subscriptions_;
  FilterSubscriptions& filter_subscriptions_;
  // After the members that its callbacks use.
  db::Listener listener_;
  const std::vector<MetricRegistration> metrics_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_CHANGE_LISTENER_H_
