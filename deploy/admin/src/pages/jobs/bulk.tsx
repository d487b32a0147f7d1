import { useEffect, useRef, useState } from "preact/hooks";

import type { Job } from "../../../stubs/vibestack/job/v1/job_pb.js";
import { type BatchAction, canDo } from "../../api/jobs.ts";
import { failureOf, type Failure, isCancelled } from "../../api/errors.ts";
import { sessionSignal } from "../../api/session.ts";
import { count, plural, shortId } from "../../lib/text.ts";
import { briefTime } from "../../lib/time.ts";
import { type BulkFailure, MOST_SELECTED, collectMatching, runBulk } from "../../state/bulk.ts";
import type { JobFilter } from "../../state/job_filter.ts";
import { preferences } from "../../state/preferences.ts";
import { href } from "../../state/route.ts";
import type { SelectedJob, Selection } from "../../state/selection.ts";
import { now } from "../../state/visible.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureBox } from "../../ui/failure.tsx";
import { TextField } from "../../ui/field.tsx";
import type { IconName } from "../../ui/icon.tsx";
import { Badge } from "../../ui/parts.tsx";

const WORDS: Record<BatchAction, { verb: string; past: string; icon: IconName; needs: string; effect: string }> = {
  retry: {
    verb: "Retry",
    past: "retried",
    icon: "retry",
    needs: "not failed",
    effect: "They run again with their input and keep their place in the queue.",
  },
  cancel: {
    verb: "Cancel",
    past: "cancelled",
    icon: "stop",
    needs: "not pending or processing",
    effect: "They fail with the code CANCELLED, and workers that hold them lose their leases.",
  },
  delete: {
    verb: "Delete",
    past: "deleted",
    icon: "trash",
    needs: "not completed or failed",
    effect: "The jobs and their results are erased. This cannot be undone.",
  },
};
const ACTIONS = Object.keys(WORDS) as BatchAction[];
const LISTED_FAILURES = 100;

interface BarProps {
  selection: Selection;
  filter: JobFilter;
  /** What the filter shows, for people. */
  described: string;
  /** There are more jobs than the page shows. */
  hasMore: boolean;
  onAdd: (jobs: Job[]) => void;
  onDone: (ids: string[]) => void;
  onClear: () => void;
  onClosed: () => void;
}

/** What can be done with the selected rows. It stands at the lower edge of the window. */
export function BulkBar({ selection, filter, described, hasMore, onAdd, onDone, onClear, onClosed }: BarProps) {
  const [action, setAction] = useState<BatchAction | undefined>();
  const collecting = useCollect(filter, onAdd);
  const selected = [...selection.values()];
  if (selected.length === 0 && action === undefined && !collecting.running) return null;
  return (
    <>
      <div class="bulk-bar" role="region" aria-label="Selected jobs">
        <p role="status">
          <strong>{count(selected.length)}</strong> selected
          {collecting.running && (
            <span class="muted">
              {" "}
              · counting{collecting.at && `, back to ${briefTime(collecting.at, now.value, preferences.value.zone)}`}…
            </span>
          )}
        </p>
        {collecting.running ? (
          <Button icon="stop" onClick={collecting.stop}>
            Stop counting
          </Button>
        ) : (
          hasMore && <Button onClick={collecting.start}>Select all {described}</Button>
        )}
        <div class="row end grow wrap">
          {ACTIONS.map((one) => {
            const able = selected.filter((job) => canDo(one, job.status)).length;
            return (
              <Button
                key={one}
                icon={WORDS[one].icon}
                kind={one === "delete" ? "danger" : "plain"}
                disabled={able === 0 || collecting.running}
                onClick={() => setAction(one)}
              >
                {WORDS[one].verb} {count(able)}
              </Button>
            );
          })}
          <Button
            kind="quiet"
            onClick={() => {
              collecting.stop();
              onClear();
            }}
          >
            Clear
          </Button>
        </div>
        {collecting.failure && <FailureBox failure={collecting.failure} onRetry={collecting.start} />}
        {collecting.full && (
          <p class="small muted">A selection has at most {count(MOST_SELECTED)} jobs. Act on these first, or narrow the filter.</p>
        )}
      </div>
      {action && (
        <BulkDialog
          action={action}
          selected={selected}
          onDone={onDone}
          onClose={() => {
            setAction(undefined);
            onClosed();
          }}
        />
      )}
    </>
  );
}

interface Collecting {
  running: boolean;
  at: Date | undefined;
  full: boolean;
  failure: Failure | undefined;
  start: () => void;
  stop: () => void;
}

/** Selects everything that matches, page by page, until it is stopped. */
function useCollect(filter: JobFilter, onAdd: (jobs: Job[]) => void): Collecting {
  const [state, setState] = useState<{ running: boolean; at: Date | undefined; full: boolean; failure: Failure | undefined }>({
    running: false,
    at: undefined,
    full: false,
    failure: undefined,
  });
  const stopper = useRef<AbortController | undefined>(undefined);
  const add = useRef(onAdd);
  add.current = onAdd;
  const key = JSON.stringify(filter);
  useEffect(() => () => stopper.current?.abort(), [key]);

  const start = (): void => {
    const abort = new AbortController();
    stopper.current = abort;
    setState({ running: true, at: undefined, full: false, failure: undefined });
    let found = 0;
    collectMatching(filter, AbortSignal.any([abort.signal, sessionSignal()]), (jobs, { continuesAt }) => {
      if (abort.signal.aborted) return;
      found += jobs.length;
      add.current(jobs);
      setState((before) => ({ ...before, at: continuesAt, full: found >= MOST_SELECTED }));
    }).then(
      () => setState((before) => ({ ...before, running: false })),
      (error: unknown) =>
        setState((before) => ({ ...before, running: false, failure: isCancelled(error) ? undefined : failureOf(error) })),
    );
  };
  return { ...state, start, stop: () => stopper.current?.abort() };
}

/** Names what would happen and to how many, does it with a progress bar, and tells what came of it. */
function BulkDialog({
  action,
  selected,
  onDone,
  onClose,
}: {
  action: BatchAction;
  selected: SelectedJob[];
  onDone: (ids: string[]) => void;
  onClose: () => void;
}) {
  // The selection shrinks while the work goes on; the dialog keeps what it began with.
  const [able] = useState(() => selected.filter((job) => canDo(action, job.status)));
  const [others] = useState(selected.length - able.length);
  const [phase, setPhase] = useState<"asks" | "runs" | "ended">("asks");
  const [done, setDone] = useState(0);
  const [failures, setFailures] = useState<BulkFailure[]>([]);
  const [reason, setReason] = useState("");
  const stopper = useRef(new AbortController());
  useEffect(() => () => stopper.current.abort(), []);
  const words = WORDS[action];

  const run = async (): Promise<void> => {
    setPhase("runs");
    await runBulk(action, able, reason, AbortSignal.any([stopper.current.signal, sessionSignal()]), (progress) => {
      setDone((before) => before + progress.done.length);
      setFailures((before) => [...before, ...progress.failures]);
      onDone(progress.done);
    });
    setPhase("ended");
  };
  const close = (): void => {
    if (phase === "runs") stopper.current.abort();
    onClose();
  };
  const handled = done + failures.length;
  const what = plural(able.length, "job");
  return (
    <Dialog title={phase === "asks" ? `${words.verb} ${what}?` : `${words.verb} ${what}`} onClose={close}>
      {phase === "asks" && (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void run();
          }}
        >
          <Workflows jobs={able} />
          <p>{words.effect}</p>
          {others > 0 && (
            <p class="muted">
              {plural(others, "selected job")} {others === 1 ? "is" : "are"} {words.needs} and {others === 1 ? "stays" : "stay"} as{" "}
              {others === 1 ? "it is" : "they are"}.
            </p>
          )}
          {action === "cancel" && (
            <TextField label="Reason" hint="Stored as the error of each job. Optional." value={reason} onInput={setReason} />
          )}
          <div class="row end">
            <Button first onClick={close}>
              Keep as they are
            </Button>
            <Button type="submit" kind={action === "retry" ? "primary" : "danger"}>
              {words.verb} {what}
            </Button>
          </div>
        </form>
      )}
      {phase !== "asks" && (
        <div class="stack">
          <progress class="progress" max={able.length} value={handled} aria-label={`${words.verb} ${what}`} />
          <p role="status">
            {phase === "ended" && handled < able.length ? "Stopped. " : ""}
            <strong>{count(done)}</strong> of {what} {words.past}
            {failures.length > 0 && (
              <>
                , <strong>{count(failures.length)}</strong> failed
              </>
            )}
            .{phase === "ended" && failures.length > 0 && " The failed ones stay selected."}
          </p>
          {failures.length > 0 && <Failures failures={failures} />}
          <div class="row end">
            {phase === "runs" ? (
              <Button icon="stop" onClick={() => stopper.current.abort()}>
                Stop
              </Button>
            ) : (
              <Button kind="primary" onClick={close}>
                Close
              </Button>
            )}
          </div>
        </div>
      )}
    </Dialog>
  );
}

function Workflows({ jobs }: { jobs: SelectedJob[] }) {
  const counts = new Map<string, number>();
  for (const job of jobs) counts.set(job.workflowId, (counts.get(job.workflowId) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return (
    <ul class="tags">
      {sorted.slice(0, 6).map(([workflow, jobCount]) => (
        <li key={workflow}>
          <Badge>
            <bdi>{workflow}</bdi> {count(jobCount)}
          </Badge>
        </li>
      ))}
      {sorted.length > 6 && <li class="muted small">and {plural(sorted.length - 6, "more workflow")}</li>}
    </ul>
  );
}

function Failures({ failures }: { failures: BulkFailure[] }) {
  const byReason = new Map<string, BulkFailure[]>();
  for (const failure of failures) byReason.set(failure.reason, [...(byReason.get(failure.reason) ?? []), failure]);
  return (
    <div class="failures" tabIndex={0} role="region" aria-label="Jobs that failed">
      {[...byReason].map(([reason, group]) => (
        <div key={reason}>
          <p>
            <code>{reason}</code> · {plural(group.length, "job")}: {group[0]?.message}
          </p>
          <ul class="tags">
            {group.slice(0, LISTED_FAILURES).map(({ id }) => (
              <li key={id}>
                <a href={href(["jobs", id])}>
                  <code title={id}>{shortId(id)}</code>
                </a>
              </li>
            ))}
            {group.length > LISTED_FAILURES && <li class="muted small">and {count(group.length - LISTED_FAILURES)} more</li>}
          </ul>
        </div>
      ))}
    </div>
  );
}
