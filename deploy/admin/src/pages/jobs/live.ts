/** What happens to a list of jobs while the reader looks at it. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Job } from "../../../stubs/vibestack/job/v1/job_pb.js";
import { type JobChanges, type Page, isWatchable, listJobs, refreshJobs, watchJobs } from "../../api/jobs.ts";
import { throttle } from "../../lib/throttle.ts";
import { type LiveState, sleep, useWatch } from "../../state/live.ts";
import { type JobFilter, matches } from "../../state/job_filter.ts";

const SHOW_MILLIS = 300;
const POLL_MILLIS = 3000;

export interface LiveJobs {
  state: LiveState;
  /** The rows of the page in their order, each in its present state. */
  rows: Job[];
  /** Rows whose job is gone. */
  deleted: ReadonlySet<string>;
  /** How many jobs match that the page does not show. */
  newJobs: number;
  /** Changes may have been missed, so the page should be loaded again. */
  stale: boolean;
}

interface Overlay {
  changed: ReadonlyMap<string, Job>;
  deleted: ReadonlySet<string>;
  fresh: ReadonlySet<string>;
  stale: boolean;
}

const NOTHING: Overlay = { changed: new Map(), deleted: new Set(), fresh: new Set(), stale: false };

/** `first` says that this is the first page: only there new jobs appear. */
export function useLiveJobs(
  filter: JobFilter,
  page: Page<Job> | undefined,
  first: boolean,
  pageSize: number,
  enabled: boolean,
): LiveJobs {
  const [overlay, setOverlay] = useState(NOTHING);
  const pending = useRef(NOTHING);
  const show = useMemo(() => throttle(() => setOverlay(pending.current), SHOW_MILLIS), []);
  useEffect(() => show.stop, []);
  // A new page replaces what was seen on the old one.
  useEffect(() => {
    pending.current = NOTHING;
    setOverlay(NOTHING);
  }, [page]);

  const apply = (changes: JobChanges, caughtUp: boolean): void => {
    if (page === undefined) return;
    const next = merge(pending.current, changes, page, filter, first, caughtUp);
    if (next === pending.current) return;
    pending.current = next;
    show.call();
  };
  const key = JSON.stringify([filter, page?.rows.map((row) => row.id)]);
  const state = useWatch(key, enabled && page !== undefined, async (signal, opened) => {
    if (page === undefined) return;
    if (!(await isWatchable(filter, signal))) {
      await poll(filter, page, first, pageSize, signal, opened, (changes) => apply(changes, true));
      return;
    }
    let caughtUp = false;
    await watchJobs(filter, signal, async (changes) => {
      opened();
      caughtUp ||= changes.caughtUp;
      apply(changes, caughtUp);
      // What ended between the list, or an earlier stream, and this stream is not among the open jobs that the stream began with.
      if (changes.caughtUp)
        apply(
          await refreshJobs(
            page.rows.map((row) => row.id),
            signal,
          ),
          true,
        );
    });
  });

  const rows = useMemo(() => (page?.rows ?? []).map((row) => overlay.changed.get(row.id) ?? row), [page, overlay]);
  return { state, rows, deleted: overlay.deleted, newJobs: overlay.fresh.size, stale: overlay.stale };
}

function merge(
  before: Overlay,
  changes: JobChanges,
  page: Page<Job>,
  filter: JobFilter,
  first: boolean,
  caughtUp: boolean,
): Overlay {
  const shown = new Map(page.rows.map((row) => [row.id, row]));
  const changed = new Map(before.changed);
  const deleted = new Set(before.deleted);
  const fresh = new Set(before.fresh);
  let differs = changes.missed && !before.stale;
  for (const job of changes.changed) {
    const row = changed.get(job.id) ?? shown.get(job.id);
    if (row !== undefined) {
      if (timeOf(job.updatedAt) < timeOf(row.updatedAt)) continue;
      differs ||= job.status !== row.status || timeOf(job.updatedAt) !== timeOf(row.updatedAt);
      changed.set(job.id, job);
    } else if (first && matches(filter, job) && belongs(job, page, filter, caughtUp)) {
      differs ||= !fresh.has(job.id);
      fresh.add(job.id);
    } else {
      differs = fresh.delete(job.id) || differs;
    }
  }
  for (const id of changes.deleted) {
    if (shown.has(id)) {
      differs ||= !deleted.has(id);
      deleted.add(id);
    }
    differs = fresh.delete(id) || differs;
  }
  return differs ? { changed, deleted, fresh, stale: before.stale || changes.missed } : before;
}

/** Whether a job that the page does not show would be on it if the page were loaded now. */
function belongs(job: Job, page: Page<Job>, filter: JobFilter, caughtUp: boolean): boolean {
  const created = timeOf(job.createdAt);
  if (filter.from !== undefined && created < filter.from.getTime()) return false;
  if (filter.to !== undefined && created >= filter.to.getTime()) return false;
  const edge = caughtUp || filter.oldestFirst ? page.rows.at(-1) : page.rows[0];
  // While a watch sends what was open before, only jobs above the first row are new: the list has the others on its later pages.
  if (edge === undefined) return true;
  if (filter.oldestFirst) return page.nextToken === "" ? created > timeOf(edge.createdAt) : created < timeOf(edge.createdAt);
  return created > timeOf(edge.createdAt) || (caughtUp && page.nextToken === "");
}

function timeOf(time: Job["updatedAt"]): number {
  return time === undefined ? 0 : timestampMs(time);
}

/** Where too many jobs are open for a watch: asks for the visible rows and for the top of the list every few seconds. */
async function poll(
  filter: JobFilter,
  page: Page<Job>,
  first: boolean,
  pageSize: number,
  signal: AbortSignal,
  opened: () => void,
  onChanges: (changes: JobChanges) => void,
): Promise<void> {
  const ids = page.rows.map((row) => row.id);
  while (!signal.aborted) {
    const [rows, top] = await Promise.all([
      refreshJobs(ids, signal),
      first && !filter.oldestFirst ? listJobs(filter, pageSize, "", signal) : undefined,
    ]);
    opened();
    onChanges({ ...rows, changed: [...rows.changed, ...(top?.rows ?? [])] });
    await sleep(POLL_MILLIS, signal);
  }
}
