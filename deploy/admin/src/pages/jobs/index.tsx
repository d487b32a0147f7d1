import { useEffect, useState } from "preact/hooks";

import { lookUp } from "../../api/directory.ts";
import { listJobs } from "../../api/jobs.ts";
import { plural } from "../../lib/text.ts";
import { briefTime } from "../../lib/time.ts";
import { type JobFilter, readJobFilter, writeJobFilter } from "../../state/job_filter.ts";
import { useLoad } from "../../state/load.ts";
import { pageNumber, previousPage, rememberPage } from "../../state/pages.ts";
import { prefer, preferences } from "../../state/preferences.ts";
import { go, href, route } from "../../state/route.ts";
import { NOTHING, type Selection, add, remove, update } from "../../state/selection.ts";
import { now } from "../../state/visible.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { FailureBox } from "../../ui/failure.tsx";
import { CheckField } from "../../ui/field.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Pager } from "../../ui/pager.tsx";
import { Empty, PageHead } from "../../ui/parts.tsx";
import { BulkBar } from "./bulk.tsx";
import { Filters, describe } from "./filters.tsx";
import { useLiveJobs } from "./live.ts";
import { COLUMNS, JobTable } from "./table.tsx";

const PAGE_JOBS = 50;

export function JobsPage() {
  const query = route.value.query;
  const filter = readJobFilter(query);
  const token = query.get("page") ?? "";
  const address = JSON.stringify(writeJobFilter(filter));
  const [live, setLive] = useState(true);
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const page = useLoad(`jobs ${address} ${token}`, (signal) => listJobs(filter, PAGE_JOBS, token, signal));
  const watched = useLiveJobs(filter, page.data, token === "", PAGE_JOBS, live);
  // A selection belongs to its filter: what is not in the list cannot be acted on by mistake.
  useEffect(() => setSelection(NOTHING), [address]);
  useEffect(() => void lookUp(watched.rows.map((row) => row.userId)), [watched.rows]);
  useEffect(() => setSelection((before) => update(before, watched.rows)), [watched.rows]);

  const show = (change: Partial<JobFilter>): void => go(href(["jobs"], writeJobFilter({ ...filter, ...change })));
  const turn = (to: string): void => go(href(["jobs"], { ...writeJobFilter(filter), page: to }));
  const next = page.data?.nextToken ?? "";
  const previous = previousPage(token);
  const refresh = (): void => {
    if (token === "") page.reload();
    else turn("");
  };
  return (
    <>
      <PageHead title="Jobs" beside={page.failure === undefined && <LiveMark state={watched.state} live={live} />}>
        <Button icon={live ? "pause" : "play"} onClick={() => setLive(!live)}>
          {live ? "Pause" : "Go live"}
        </Button>
        <ColumnMenu />
        <ButtonLink kind="primary" icon="plus" href={href(["jobs", "new"])}>
          New job
        </ButtonLink>
      </PageHead>
      <Filters filter={filter} onChange={show} />
      <NewJobs count={watched.newJobs} stale={watched.stale} onShow={refresh} />
      {page.failure && <FailureBox failure={page.failure} onRetry={page.reload} />}
      {(page.data === undefined ? page.failure === undefined : page.data.rows.length > 0) && (
        <div class="table-box">
          <JobTable
            rows={page.data && watched.rows}
            deleted={watched.deleted}
            filter={filter}
            selection={selection}
            onSelect={setSelection}
          />
        </div>
      )}
      {page.data?.rows.length === 0 && (
        <NoJobs
          filter={filter}
          continuesAt={page.data.continuesAt}
          onContinue={() => {
            rememberPage(next, token);
            turn(next);
          }}
        />
      )}
      {page.data && (page.data.rows.length > 0 || token !== "") && (
        <Pager
          what="jobs"
          page={pageNumber(token)}
          hasNext={next !== ""}
          onPrevious={token === "" ? undefined : () => turn(previous)}
          onNext={() => {
            rememberPage(next, token);
            turn(next);
          }}
        >
          {plural(page.data.rows.length, "job")} on this page
          {next !== "" && page.data.rows.length < PAGE_JOBS && page.data.continuesAt && (
            <>
              : looked {filter.oldestFirst ? "ahead" : "back"} to{" "}
              {briefTime(page.data.continuesAt, now.value, preferences.value.zone)}. Next goes on.
            </>
          )}
        </Pager>
      )}
      <BulkBar
        selection={selection}
        filter={filter}
        described={describe(filter)}
        hasMore={next !== "" || token !== ""}
        onAdd={(jobs) => setSelection((before) => add(before, jobs))}
        onDone={(ids) => setSelection((before) => remove(before, ids))}
        onClear={() => setSelection(NOTHING)}
        onClosed={page.reload}
      />
    </>
  );
}

function LiveMark({ state, live }: { state: string; live: boolean }) {
  const text = !live ? "Paused" : state === "live" ? "Live" : state === "reconnecting" ? "Reconnecting…" : "Connecting…";
  return (
    <span class={`live-mark ${live ? state : "off"}`} role="status">
      {text}
    </span>
  );
}

/** Rows never jump: what is new waits here until the reader wants it. */
function NewJobs({ count, stale, onShow }: { count: number; stale: boolean; onShow: () => void }) {
  return (
    <div role="status" class="new-jobs">
      {(count > 0 || stale) && (
        <button type="button" class="new-bar" onClick={onShow}>
          {count > 0 ? `${plural(count, "new job")}` : "Some changes may be missing here"}
          <span> · Show</span>
        </button>
      )}
    </div>
  );
}

function ColumnMenu() {
  const chosen = preferences.value.jobColumns;
  return (
    <Menu label="Columns" icon="columns">
      {() => (
        <fieldset class="plain stack tight">
          <legend class="hidden">Columns of the list</legend>
          {Object.entries(COLUMNS).map(([key, column]) => (
            <CheckField
              key={key}
              label={column.title}
              checked={chosen.includes(key)}
              onChange={(on) => prefer({ jobColumns: on ? [...chosen, key] : chosen.filter((one) => one !== key) })}
            />
          ))}
        </fieldset>
      )}
    </Menu>
  );
}

function NoJobs({ filter, continuesAt, onContinue }: { filter: JobFilter; continuesAt: Date | undefined; onContinue: () => void }) {
  const filtered = Object.values(writeJobFilter({ ...filter, oldestFirst: false })).some((value) => value !== undefined);
  if (continuesAt !== undefined) {
    return (
      <Empty
        icon="search"
        title={`No match yet: looked ${filter.oldestFirst ? "ahead" : "back"} to ${briefTime(continuesAt, now.value, preferences.value.zone)}`}
      >
        <p>One search reads at most 10,000 jobs, so that it stays fast.</p>
        <Button kind="primary" onClick={onContinue}>
          Go on from there
        </Button>
      </Empty>
    );
  }
  return filtered ? (
    <Empty icon="search" title="No jobs match">
      <p>No {describe(filter)}.</p>
      <ButtonLink href={href(["jobs"])}>Show all jobs</ButtonLink>
    </Empty>
  ) : (
    <Empty icon="jobs" title="No jobs yet">
      <p>Jobs appear here as soon as an application creates one.</p>
      <ButtonLink kind="primary" icon="plus" href={href(["jobs", "new"])}>
        Create a job
      </ButtonLink>
    </Empty>
  );
}
