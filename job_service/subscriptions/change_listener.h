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

// Receives the change events of the whole cluster (NOTIFY on the channels of users and agent_jobs)
// and notifies the subscriptions of this replica. A changed user is dropped from the account cache
// first, so that a subscriber who wakes up sees the new state of the account.
//
// An event may be lost while the connection is down or when a payload is malformed. In both cases
// every subscription and the whole account cache resyncs. Thread-safe.
class ChangeListener {
 public:
  struct Options {
    std::string database_url;
    // Publisher::origin() of this replica. The Publisher notified our own subscriptions already, so
    // payloads of this origin are ignored.
    std::string origin;
    // Runs on the listener's thread when the connection is lost. Must not block.
    std::function<void()> on_lost = [] {};
  };

  // Starts to listen, on a thread of its own. All arguments must outlive this.
  ChangeListener(Options options, rpc::AccountCache& accounts, JobSubscriptions& job_subscriptions,
                 FilterSubscriptions& filter_subscriptions, Metrics& metrics);
  ChangeListener(const ChangeListener&) = delete;
  ChangeListener& operator=(const ChangeListener&) = delete;
  ~ChangeListener() { Stop(); }

  // Stops to listen and joins the thread. May be called twice.
  void Stop() { listener_.Stop(); }

  // Ends the connection to a database that does not answer, so that Stop() need not wait for it.
  void Abort() { listener_.Abort(); }

 private:
  db::ListenerOptions ListenerOptions();
  void OnNotification(const std::string& channel, const std::string& payload);
  void OnUsersChanged(const db::ChangeEvent& event);
  void OnJobsChanged(db::ChangeEvent event);
  // Events may have been missed.
  void Resync();

  const Options options_;
  rpc::AccountCache& accounts_;
  JobSubscriptions& job_subscriptions_;
  FilterSubscriptions& filter_subscriptions_;
  // After what its callbacks use.
  db::Listener listener_;
  const std::vector<MetricRegistration> metrics_;
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_SUBSCRIPTIONS_CHANGE_LISTENER_H_
