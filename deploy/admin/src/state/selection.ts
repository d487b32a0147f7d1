/**
 * The rows that the reader has selected, across pages. It holds what is needed to say what an action would do: the id, the workflow and
 * the state that was seen last.
 */

import type { Job_Status } from "../../stubs/vibestack/job/v1/job_pb.js";

export interface SelectedJob {
  id: string;
  workflowId: string;
  status: Job_Status;
}

export type Selection = ReadonlyMap<string, SelectedJob>;

export const NOTHING: Selection = new Map();

function entryOf({ id, workflowId, status }: SelectedJob): SelectedJob {
  return { id, workflowId, status };
}

export function add(selection: Selection, jobs: Iterable<SelectedJob>): Selection {
  const next = new Map(selection);
  for (const job of jobs) next.set(job.id, entryOf(job));
  return next;
}

export function remove(selection: Selection, ids: Iterable<string>): Selection {
  const next = new Map(selection);
  for (const id of ids) next.delete(id);
  return next;
}

/** Selects the row, or takes it out. */
export function toggle(selection: Selection, job: SelectedJob): Selection {
  return selection.has(job.id) ? remove(selection, [job.id]) : add(selection, [job]);
}

/** Shift: gives every row between `from` and `to` the state that the row `to` gets by a click. */
export function toggleRange(selection: Selection, rows: SelectedJob[], from: number, to: number): Selection {
  const clicked = rows[to];
  if (clicked === undefined) return selection;
  const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
  return selection.has(clicked.id)
    ? remove(
        selection,
        range.map((row) => row.id),
      )
    : add(selection, range);
}

/** Takes over the state of rows that changed; rows that are not selected stay so. */
export function update(selection: Selection, jobs: SelectedJob[]): Selection {
  const selected = jobs.filter((job) => selection.has(job.id) && selection.get(job.id)?.status !== job.status);
  return selected.length === 0 ? selection : add(selection, selected);
}

/** How many of the rows on the page are selected. */
export function pageState(selection: Selection, rows: SelectedJob[]): "none" | "some" | "all" {
  const selected = rows.filter((row) => selection.has(row.id)).length;
  return selected === 0 ? "none" : selected === rows.length ? "all" : "some";
}
