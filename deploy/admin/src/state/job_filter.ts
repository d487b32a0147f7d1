/** Which jobs a list shows, as it stands in the address. */

import { Job_Status } from "../../stubs/vibestack/job/v1/job_pb.js";
import { parseTime } from "../lib/time.ts";

export interface JobFilter {
  /** A user's id, or empty. */
  userId: string;
  workflow: string;
  status: Job_Status;
  from: Date | undefined;
  to: Date | undefined;
  oldestFirst: boolean;
}

export const STATUS_KEYS = {
  pending: Job_Status.PENDING,
  processing: Job_Status.PROCESSING,
  completed: Job_Status.COMPLETED,
  failed: Job_Status.FAILED,
} as const;

export type StatusKey = keyof typeof STATUS_KEYS;

export function readJobFilter(query: URLSearchParams): JobFilter {
  const status = query.get("status") ?? "";
  return {
    userId: query.get("user") ?? "",
    workflow: query.get("workflow") ?? "",
    status: Object.hasOwn(STATUS_KEYS, status) ? STATUS_KEYS[status as StatusKey] : Job_Status.STATUS_UNSPECIFIED,
    from: parseTime(query.get("from")),
    to: parseTime(query.get("to")),
    oldestFirst: query.get("order") === "oldest",
  };
}

export function statusKey(status: Job_Status): StatusKey | undefined {
  return (Object.keys(STATUS_KEYS) as StatusKey[]).find((key) => STATUS_KEYS[key] === status);
}

/** The entries of the address for this filter; what is unset has no entry. */
export function writeJobFilter(filter: JobFilter): Record<string, string | undefined> {
  return {
    user: filter.userId || undefined,
    workflow: filter.workflow || undefined,
    status: statusKey(filter.status),
    from: filter.from?.toISOString(),
    to: filter.to?.toISOString(),
    order: filter.oldestFirst ? "oldest" : undefined,
  };
}

/** Whether a job that changed, or is new, belongs to the list. */
export function matches(filter: JobFilter, job: { userId: string; workflowId: string; status: Job_Status }): boolean {
  return (
    (filter.userId === "" || job.userId === filter.userId) &&
    (filter.workflow === "" || job.workflowId === filter.workflow) &&
    (filter.status === Job_Status.STATUS_UNSPECIFIED || job.status === filter.status)
  );
}
