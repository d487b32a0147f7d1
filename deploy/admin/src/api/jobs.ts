/** Calls of JobService in the shape that the pages need. */

import { type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";

import { type Job, Job_Status, JobView } from "../../stubs/vibestack/job/v1/job_pb.js";
import type { ListJobsRequestSchema } from "../../stubs/vibestack/job/v1/job_service_pb.js";
import type { Status } from "../../stubs/google/rpc/status_pb.js";
import type { JobFilter } from "../state/job_filter.ts";
import { jobs } from "./client.ts";

const HEARTBEAT = durationFromMs(20_000);
// A watch begins with every open job. Above this number, asking for the visible rows costs less.
const WATCHABLE_JOBS = 5_000;

export interface Page<T> {
  rows: T[];
  /** Empty on the last page. */
  nextToken: string;
  /** How far the search looked, if it goes on. */
  continuesAt: Date | undefined;
}

function listRequest(filter: JobFilter): MessageInitShape<typeof ListJobsRequestSchema> {
  return {
    userId: filter.userId,
    workflowId: filter.workflow,
    status: filter.status,
    oldestFirst: filter.oldestFirst,
    ...(filter.from && { createdAfter: timestampFromDate(filter.from) }),
    ...(filter.to && { createdBefore: timestampFromDate(filter.to) }),
    view: JobView.BASIC,
  };
}

export async function listJobs(filter: JobFilter, pageSize: number, pageToken: string, signal: AbortSignal): Promise<Page<Job>> {
  const response = await jobs.listJobs({ ...listRequest(filter), pageSize, pageToken }, { signal });
  return {
    rows: response.jobs,
    nextToken: response.nextPageToken,
    continuesAt: response.continuesAt && timestampDate(response.continuesAt),
  };
}

/** True if a watch with this filter begins with so few open jobs that a browser reads them in a moment. */
export async function isWatchable(filter: JobFilter, signal: AbortSignal): Promise<boolean> {
  if (filter.userId !== "") return true;
  const stats = await jobs.getJobStats({ workflowIds: filter.workflow === "" ? [] : [filter.workflow] }, { signal });
  const open = stats.workflows.reduce((sum, one) => sum + one.pendingCount + one.processingCount, 0);
  return open < WATCHABLE_JOBS;
}

export interface JobChanges {
  changed: Job[];
  deleted: string[];
  /** The stream has caught up with the present. */
  caughtUp: boolean;
  /** Changes may be missing: list again. */
  missed: boolean;
}

/** The present state of these jobs, and which are gone. */
export async function refreshJobs(ids: string[], signal: AbortSignal): Promise<JobChanges> {
  const response = ids.length === 0 ? undefined : await jobs.batchGetJobs({ ids, view: JobView.BASIC }, { signal });
  return { changed: response?.jobs ?? [], deleted: response?.missingIds ?? [], caughtUp: true, missed: false };
}

/** Follows the jobs of the filter's user and workflow. `onChanges` gets every message, also the heartbeats, one after the other. */
export async function watchJobs(
  filter: JobFilter,
  signal: AbortSignal,
  onChanges: (changes: JobChanges) => Promise<void>,
): Promise<void> {
  const request = { userId: filter.userId, workflowId: filter.workflow, view: JobView.BASIC, heartbeat: HEARTBEAT };
  for await (const message of jobs.watchJobs(request, { signal, timeoutMs: 0 })) {
    await onChanges({
      changed: message.jobs,
      deleted: message.deletedIds,
      caughtUp: message.caughtUp,
      missed: message.changesMissed,
    });
  }
  throw new Error("the stream ended");
}

/** Follows one job until it is terminal. The messages have everything but the input. */
export async function watchJob(id: string, signal: AbortSignal, onJob: (job: Job) => void): Promise<void> {
  for await (const job of jobs.watchJob({ id, view: JobView.EXACT, heartbeat: HEARTBEAT }, { signal, timeoutMs: 0 })) onJob(job);
}

export function isTerminal(status: Job_Status): boolean {
  return status === Job_Status.COMPLETED || status === Job_Status.FAILED;
}

/** What can be done to many jobs. */
export type BatchAction = "cancel" | "retry" | "delete";

/** Whether the action can succeed for a job in this state. */
export function canDo(action: BatchAction, status: Job_Status): boolean {
  if (action === "retry") return status === Job_Status.FAILED;
  return isTerminal(status) === (action === "delete");
}

interface BatchResult {
  id: string;
  error: Status | undefined;
}

/** Does the action for up to 1,000 jobs; each has its own result. */
export async function doBatch(action: BatchAction, ids: string[], reason: string, signal: AbortSignal): Promise<BatchResult[]> {
  const call = {
    cancel: () => jobs.batchCancelJobs({ ids, reason }, { signal }),
    retry: () => jobs.batchRetryJobs({ ids }, { signal }),
    delete: () => jobs.batchDeleteJobs({ ids }, { signal }),
  }[action];
  const response = await call();
  return response.results.map((one) => ({ id: one.jobId, error: one.error }));
}
