#ifndef VIBESTACK_JOB_SERVICE_STORE_JOB_STORES_H_
#define VIBESTACK_JOB_SERVICE_STORE_JOB_STORES_H_

#include <utility>

#include "common/db/pool.h"
#include "common/telemetry/metrics.h"
#include "job_service/domain/change_publisher.h"
#include "job_service/store/claim_store.h"
#include "job_service/store/create_store.h"
#include "job_service/store/dispatch_store.h"
#include "job_service/store/finish_store.h"
#include "job_service/store/lease_store.h"
#include "job_service/store/list_store.h"
#include "job_service/store/maintenance_store.h"
#include "job_service/store/manage_store.h"
#include "job_service/store/read_store.h"
#include "job_service/store/stats_store.h"
#include "job_service/store/store_context.h"

namespace vibestack::job_service {

// The stores of jobs, one for each topic, with the context that they share.
struct JobStores {
  // `read` is created before the others, because the subscriptions read jobs and the publisher
  // needs the subscriptions. All arguments must outlive this.
  JobStores(StoreOptions options, ReadStore& read, db::Pool& pool, ChangePublisher& publisher,
            Metrics& metrics)
      : context(std::move(options), pool, publisher, metrics), read(read) {}

  // Answers the waiting calls of every store, `read` included, with UNAVAILABLE. Returns when no
  // batch is in flight. May be called twice.
  void Close() {
    context.delays.Close();
    create.Close();
    read.Close();
    claim.Close();
    lease.Close();
    finish.Close();
  }

  StoreContext context;
  CreateStore create{context};
  ReadStore& read;
  ListStore list{context};
  LeaseStore lease{context};
  ClaimStore claim{context, lease};
  FinishStore finish{context};
  ManageStore manage{context};
  StatsStore stats{context};
  MaintenanceStore maintenance{context};
  DispatchStore dispatch{context};
};

}  // namespace vibestack::job_service

#endif  // VIBESTACK_JOB_SERVICE_STORE_JOB_STORES_H_
