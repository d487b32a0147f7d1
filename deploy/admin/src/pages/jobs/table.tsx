import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { Job } from "../../../stubs/vibestack/job/v1/job_pb.js";
import { isTerminal } from "../../api/jobs.ts";
import { shortId } from "../../lib/text.ts";
import { duration } from "../../lib/time.ts";
import { type JobFilter, matches } from "../../state/job_filter.ts";
import { preferences } from "../../state/preferences.ts";
import { go, href } from "../../state/route.ts";
import { type Selection, pageState, toggle, toggleRange, add, remove } from "../../state/selection.ts";
import { present } from "../../state/visible.ts";
import { Foreign, SkeletonRows } from "../../ui/parts.tsx";
import { useShortcuts } from "../../ui/shortcuts.tsx";
import { Status, statusName } from "../../ui/status.tsx";
import { Time } from "../../ui/time.tsx";
import { UserLink } from "../../ui/user_link.tsx";

interface Column {
  title: string;
  cell: (job: Job) => ComponentChildren;
}

/** The columns to choose from; the state and the box are always there. */
export const COLUMNS: Record<string, Column> = {
  workflow: { title: "Workflow", cell: (job) => <Foreign>{job.workflowId}</Foreign> },
  // Not another stop for the Tab key: the link at the state goes to the same place.
  job: {
    title: "Job",
    cell: (job) => (
      <a href={href(["jobs", job.id])} tabIndex={-1}>
        <code title={job.id}>{shortId(job.id)}</code>
      </a>
    ),
  },
  owner: { title: "User", cell: (job) => <UserLink id={job.userId} /> },
  created: { title: "Created", cell: (job) => <Time value={job.createdAt} /> },
  updated: { title: "Changed", cell: (job) => <Time value={job.updatedAt} /> },
  age: { title: "Duration", cell: (job) => age(job) },
};

/** From the creation to the end, or to now. */
function age(job: Job): string {
  if (job.createdAt === undefined || job.updatedAt === undefined) return "–";
  const end = isTerminal(job.status) ? timestampMs(job.updatedAt) : present();
  return duration(end - timestampMs(job.createdAt));
}

interface TableProps {
  /** The rows, or undefined while they load. */
  rows: Job[] | undefined;
  deleted: ReadonlySet<string>;
  filter: JobFilter;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}

export function JobTable({ rows, deleted, filter, selection, onSelect }: TableProps) {
  const columns = Object.entries(COLUMNS)
    .filter(([key]) => preferences.value.jobColumns.includes(key))
    .map(([, column]) => column);
  const table = useRef<HTMLTableElement>(null);
  const [anchor, setAnchor] = useState(0);
  const [cursor, setCursor] = useState(-1);
  const present = rows ?? [];

  const move = (step: number): void => {
    const next = Math.max(0, Math.min(present.length - 1, cursor + step));
    setCursor(next);
    table.current?.querySelectorAll<HTMLElement>("a.row-link")[next]?.focus();
  };
  const select = (index: number, range: boolean): void => {
    const row = present[index];
    if (row === undefined) return;
    onSelect(range ? toggleRange(selection, present, anchor, index) : toggle(selection, row));
    setAnchor(index);
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    x: () => select(cursor, false),
    Enter: cursor < 0 ? undefined : () => go(href(["jobs", present[cursor]?.id ?? ""])),
    Escape: selection.size === 0 ? undefined : () => onSelect(new Map()),
  });

  const state = pageState(selection, present);
  const selectPage = (): void =>
    onSelect(
      state === "all"
        ? remove(
            selection,
            present.map((row) => row.id),
          )
        : add(selection, present),
    );
  return (
    <table ref={table} class="list jobs" role="table" aria-busy={rows === undefined}>
      <caption class="hidden">Jobs</caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" class="select" scope="col">
            <PageBox state={state} disabled={present.length === 0} onChange={selectPage} />
          </th>
          <th role="columnheader" scope="col">
            State
          </th>
          {columns.map((column) => (
            <th key={column.title} role="columnheader" scope="col">
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows === undefined && <SkeletonRows rows={12} columns={columns.length + 2} />}
        {present.map((job, index) => (
          <Row
            key={job.id}
            job={job}
            columns={columns}
            selected={selection.has(job.id)}
            gone={deleted.has(job.id)}
            left={!matches(filter, job)}
            onFocus={() => setCursor(index)}
            onSelect={(range) => select(index, range)}
          />
        ))}
      </tbody>
    </table>
  );
}

function PageBox({ state, disabled, onChange }: { state: "none" | "some" | "all"; disabled: boolean; onChange: () => void }) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = state === "some";
  }, [state]);
  return (
    <input
      ref={box}
      type="checkbox"
      aria-label="Select all rows of this page"
      disabled={disabled}
      checked={state === "all" && !disabled}
      onChange={onChange}
    />
  );
}

interface RowProps {
  job: Job;
  columns: Column[];
  selected: boolean;
  /** The job was deleted while the page was open. */
  gone: boolean;
  /** The job changed and does not match the filter any more. */
  left: boolean;
  onFocus: () => void;
  onSelect: (range: boolean) => void;
}

function Row({ job, columns, selected, gone, left, onFocus, onSelect }: RowProps) {
  const changed = useChanged(`${job.status} ${job.updatedAt?.seconds} ${job.updatedAt?.nanos}`);
  const names = [selected && "selected", gone && "gone", left && "left", changed && "changed"].filter(Boolean).join(" ");
  return (
    <tr
      role="row"
      class={names}
      onFocus={onFocus}
      onClick={(event) => {
        const target = event.target as HTMLElement;
        if (target.closest("a, button, label, input") !== null || getSelection()?.isCollapsed === false) return;
        onSelect(event.shiftKey);
      }}
      onMouseDown={(event) => {
        if (event.shiftKey) event.preventDefault(); // no text is marked
      }}
    >
      <td role="cell" class="select">
        <input
          type="checkbox"
          aria-label={`Select job ${shortId(job.id)}`}
          checked={selected}
          onClick={(event) => onSelect(event.shiftKey)}
        />
      </td>
      <td role="cell" class="state">
        <a
          class="row-link"
          href={href(["jobs", job.id])}
          aria-label={`${statusName(job.status)}: job ${shortId(job.id)} of workflow ${job.workflowId}`}
        >
          <Status status={job.status} />
        </a>
        {gone && <span class="small muted"> deleted</span>}
        {left && !gone && <span class="small muted"> no longer matches</span>}
      </td>
      {columns.map((column) => (
        <td key={column.title} role="cell" data-title={column.title}>
          {column.cell(job)}
        </td>
      ))}
    </tr>
  );
}

/** True for a moment after `value` has changed. */
function useChanged(value: string): boolean {
  const before = useRef(value);
  const [changed, setChanged] = useState(false);
  useEffect(() => {
    if (before.current === value) return undefined;
    before.current = value;
    setChanged(true);
    const timer = setTimeout(() => setChanged(false), 1500);
    return () => clearTimeout(timer);
  }, [value]);
  return changed;
}
