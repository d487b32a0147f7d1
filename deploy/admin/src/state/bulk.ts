/** Work on many jobs: counting those that match, and acting on those that are selected. */

import type { Job } from "../../stubs/vibestack/job/v1/job_pb.js";
import { type BatchAction, doBatch, listJobs } from "../api/jobs.ts";
import { failureOf, failureOfStatus } from "../api/errors.ts";
import type { JobFilter } from "./job_filter.ts";
import type { SelectedJob } from "./selection.ts";

const PAGE_JOBS = 1000;
const BATCH_JOBS = 500;
/** A selection has at most so many jobs; a browser holds them with ease, and an action takes minutes. */
export const MOST_SELECTED = 100_000;

interface Collected {
  /** Where the search is: jobs created at this time. */
  continuesAt: Date | undefined;
  /** True when there are no more jobs, or too many. */
  complete: boolean;
}

/** Finds all jobs that match now, page by page. Jobs that are created meanwhile stay out, so that the search ends. */
export async function collectMatching(
  filter: JobFilter,
  signal: AbortSignal,
  onPage: (jobs: Job[], state: Collected) => void,
): Promise<void> {
  const until = { ...filter, to: filter.to ?? new Date() };
  let found = 0;
  let token = "";
  do {
    const page = await listJobs(until, PAGE_JOBS, token, signal);
    token = page.nextToken;
    found += page.rows.length;
    onPage(page.rows, { continuesAt: page.continuesAt, complete: token === "" || found >= MOST_SELECTED });
  } while (token !== "" && found < MOST_SELECTED);
}

export interface BulkFailure {
  id: string;
  reason: string;
  message: string;
}

interface BulkProgress {
  done: string[];
  failures: BulkFailure[];
}

/** Acts on the jobs, some hundred in a call. A call that fails as a whole counts for each of its jobs, and the next call goes on. */
export async function runBulk(
  action: BatchAction,
  jobs: SelectedJob[],
  reason: string,
  signal: AbortSignal,
  onProgress: (progress: BulkProgress) => void,
): Promise<void> {
  for (let start = 0; start < jobs.length && !signal.aborted; start += BATCH_JOBS) {
    const ids = jobs.slice(start, start + BATCH_JOBS).map((job) => job.id);
    try {
      const results = await doBatch(action, ids, reason, signal);
      onProgress({
        done: results.filter((one) => one.error === undefined).map((one) => one.id),
        failures: results.flatMap((one) => (one.error === undefined ? [] : [{ id: one.id, ...failureOfStatus(one.error) }])),
      });
    } catch (error) {
      const { reason: why, message } = failureOf(error);
      onProgress({ done: [], failures: ids.map((id) => ({ id, reason: why, message })) });
    }
  }
}
