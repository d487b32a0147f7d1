import { useState } from "preact/hooks";

import { count } from "../lib/text.ts";
import { duration } from "../lib/time.ts";
import { config } from "../state/config.ts";
import { href } from "../state/route.ts";
import { type CountName, type Counts, type Health, type Sample, health, sample, samples } from "../state/stats.ts";
import { useEvery } from "../state/visible.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { FailureBox } from "../ui/failure.tsx";
import { Icon } from "../ui/icon.tsx";
import { Empty, Foreign, PageHead, Section, SkeletonRows } from "../ui/parts.tsx";
import { Sparkline } from "../ui/spark.tsx";
import { Status } from "../ui/status.tsx";
import { Job_Status } from "../../stubs/vibestack/job/v1/job_pb.js";

const SAMPLE_MILLIS = 5000;
const SHOWN_WORKFLOWS = 50;

const TILES: [name: CountName, title: string, status: string, kind: string][] = [
  ["pending", "Pending", "pending", "pending"],
  ["processing", "Processing", "processing", "processing"],
  ["completed", "Completed", "completed", "completed"],
  ["failed", "Failed", "failed", "failed"],
];

const STATUS_OF: Record<string, Job_Status> = {
  pending: Job_Status.PENDING,
  processing: Job_Status.PROCESSING,
  completed: Job_Status.COMPLETED,
  failed: Job_Status.FAILED,
};

/** "10,000+" where the server stopped counting. */
function counted(counts: Counts, name: CountName): string {
  return `${count(counts[name])}${counts.cut.has(name) ? "+" : ""}`;
}

export function OverviewPage() {
  useEvery(SAMPLE_MILLIS, "overview", () => void sample());
  const taken = samples.value;
  const latest = taken.at(-1);
  const failure = health.value.jobs?.failure;
  return (
    <>
      <PageHead title="Overview">
        {config.value.grafana_url && (
          <ButtonLink elsewhere href={config.value.grafana_url} icon="external">
            Grafana
          </ButtonLink>
        )}
        {config.value.docs_url && (
          <ButtonLink elsewhere href={config.value.docs_url} icon="external">
            API reference
          </ButtonLink>
        )}
      </PageHead>
      {failure && <FailureBox failure={failure} onRetry={() => void sample()} />}
      <div class="tiles">
        {TILES.map(([name, title, status, kind]) => (
          <a key={name} class="tile" href={href(["jobs"], { status })}>
            <Status status={STATUS_OF[status] ?? Job_Status.STATUS_UNSPECIFIED} />
            <span class="figure">{latest ? counted(latest.total, name) : <span class="bar width-1" />}</span>
            <Sparkline kind={kind} samples={taken.map((one) => one.total[name])} text={`${title} jobs in this session`} />
          </a>
        ))}
        <div class="tile">
          <span class="tile-title">
            <Icon name="clock" /> Oldest pending
          </span>
          <span class="figure">
            {!latest ? (
              <span class="bar width-1" />
            ) : latest.total.oldestPending === undefined ? (
              "–"
            ) : (
              duration(latest.total.oldestPending)
            )}
          </span>
          <span class="muted small">{latest?.total.oldestPending === undefined ? "Nothing waits." : "Waits for a worker."}</span>
        </div>
        <div class="tile">
          <span class="tile-title">
            <Icon name="warning" /> Failed, last hour
          </span>
          <span class="figure">{latest ? counted(latest.total, "recentlyFailed") : <span class="bar width-1" />}</span>
          <Sparkline
            kind="failed"
            samples={taken.map((one) => one.total.recentlyFailed)}
            text="Failures of the last hour, in this session"
          />
        </div>
      </div>
      <div class="health" role="group" aria-label="Services">
        <Service name="user_service" health={health.value.users} />
        <Service name="job_service" health={health.value.jobs} />
      </div>
      <Workflows taken={taken} />
    </>
  );
}

function Service({ name, health: state }: { name: string; health: Health | undefined }) {
  const look = state === undefined ? "unknown" : state.failure ? "failed" : "completed";
  return (
    <div class="service">
      <span class={`status ${look}`}>
        <Icon name={look === "failed" ? "close" : look === "completed" ? "check" : "clock"} />
        {name}
      </span>
      <span class="muted">
        {state === undefined
          ? "asking…"
          : state.failure
            ? `${state.failure.message} (${state.failure.reason})`
            : `answers in ${Math.max(1, Math.round(state.millis ?? 0))} ms`}
      </span>
    </div>
  );
}

type Order = "name" | "pending" | "processing" | "completed" | "failed" | "recentlyFailed" | "oldestPending";

const HEADS: [order: Order, title: string][] = [
  ["name", "Workflow"],
  ["pending", "Pending"],
  ["processing", "Processing"],
  ["completed", "Completed"],
  ["failed", "Failed"],
  ["recentlyFailed", "Failed, last hour"],
  ["oldestPending", "Oldest pending"],
];

function sorted(workflows: ReadonlyMap<string, Counts>, order: Order): [string, Counts][] {
  const rows = [...workflows];
  if (order === "name") return rows.sort((a, b) => a[0].localeCompare(b[0]));
  return rows.sort((a, b) => (b[1][order] ?? -1) - (a[1][order] ?? -1));
}

function Workflows({ taken }: { taken: Sample[] }) {
  const [order, setOrder] = useState<Order>("name");
  const [shown, setShown] = useState(SHOWN_WORKFLOWS);
  const latest = taken.at(-1);
  if (latest?.workflows.size === 0) {
    return (
      <Empty icon="jobs" title="No jobs yet">
        <p>Workflows appear here with their first job.</p>
        <ButtonLink kind="primary" icon="plus" href={href(["jobs", "new"])}>
          Create a job
        </ButtonLink>
      </Empty>
    );
  }
  const rows = latest ? sorted(latest.workflows, order) : undefined;
  return (
    <Section title="Workflows" beside={<span class="muted small">Counting stops at 10,000</span>}>
      <div class="table-box flat">
        <table class="list numbers" role="table" aria-busy={rows === undefined}>
          <caption class="hidden">Jobs by workflow and state</caption>
          <thead role="rowgroup">
            <tr role="row">
              {HEADS.map(([key, title]) => (
                <th
                  key={key}
                  role="columnheader"
                  scope="col"
                  aria-sort={order === key ? (key === "name" ? "ascending" : "descending") : undefined}
                >
                  <button type="button" class="sort" onClick={() => setOrder(key)}>
                    {title}
                    {order === key && <Icon name="down" />}
                  </button>
                </th>
              ))}
              <th role="columnheader" scope="col">
                Pending in this session
              </th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {rows === undefined && <SkeletonRows rows={6} columns={HEADS.length + 1} />}
            {rows?.slice(0, shown).map(([workflow, counts]) => (
              <tr key={workflow} role="row">
                <td role="cell" data-title="Workflow">
                  <a href={href(["jobs"], { workflow })}>
                    <Foreign>{workflow}</Foreign>
                  </a>
                </td>
                {TILES.map(([name, title, status, kind]) => (
                  <td key={name} role="cell" class={`number ${counts[name] > 0 ? kind : "zero"}`} data-title={title}>
                    <a
                      href={href(["jobs"], { workflow, status })}
                      aria-label={`${counted(counts, name)} ${title.toLowerCase()} jobs of ${workflow}`}
                    >
                      {counted(counts, name)}
                    </a>
                  </td>
                ))}
                <td role="cell" class={`number ${counts.recentlyFailed > 0 ? "failed" : "zero"}`} data-title="Failed, last hour">
                  {counted(counts, "recentlyFailed")}
                </td>
                <td role="cell" class="number" data-title="Oldest pending">
                  {counts.oldestPending === undefined ? <span class="muted">–</span> : duration(counts.oldestPending)}
                </td>
                <td role="cell" class="spark-cell">
                  <Sparkline
                    kind="pending"
                    samples={taken.map((one) => one.workflows.get(workflow)?.pending ?? 0)}
                    text={`Pending jobs of ${workflow}`}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows && rows.length > shown && (
        <div>
          <Button onClick={() => setShown(shown + SHOWN_WORKFLOWS)}>
            Show more: {count(rows.length - shown)} workflows are left
          </Button>
        </div>
      )}
    </Section>
  );
}
