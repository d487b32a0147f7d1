/** The job statistics of this session, and how the two services answer. */

import { durationMs, type Duration } from "@bufbuild/protobuf/wkt";
import { signal } from "@preact/signals";

import type { WorkflowStats } from "../../stubs/vibestack/job/v1/stats_pb.js";
import { jobs, users } from "../api/client.ts";
import { type Failure, failureOf, isCancelled } from "../api/errors.ts";
import { me, sessionSignal } from "../api/session.ts";
import { learnWorkflows } from "./workflows.ts";

/** Where the server stops counting. */
const COUNT_LIMIT = 10_000;
const KEPT_SAMPLES = 120;

export interface Counts {
  pending: number;
  processing: number;
  completed: number;
  failed: number;
  recentlyFailed: number;
  /** Milliseconds; undefined if nothing waits. */
  oldestPending: number | undefined;
  /** The names of the counts above that the server cut at COUNT_LIMIT for some workflow. */
  cut: ReadonlySet<CountName>;
}

export type CountName = "pending" | "processing" | "completed" | "failed" | "recentlyFailed";
const COUNT_NAMES: CountName[] = ["pending", "processing", "completed", "failed", "recentlyFailed"];

export interface Sample {
  total: Counts;
  workflows: ReadonlyMap<string, Counts>;
}

export interface Health {
  /** The time of the answer in milliseconds, or why there was none. */
  millis: number | undefined;
  failure: Failure | undefined;
  at: Date;
}

/** Oldest first. */
export const samples = signal<Sample[]>([]);
export const health = signal<{ users?: Health; jobs?: Health }>({});

me.subscribe((user) => {
  if (user !== undefined) return;
  samples.value = [];
  health.value = {};
});

function milliseconds(value: Duration | undefined): number | undefined {
  return value === undefined ? undefined : durationMs(value);
}

function countsOf(stats: WorkflowStats): Counts {
  const counts = {
    pending: stats.pendingCount,
    processing: stats.processingCount,
    completed: stats.completedCount,
    failed: stats.failedCount,
    recentlyFailed: stats.recentlyFailedCount,
  };
  return {
    ...counts,
    oldestPending: milliseconds(stats.oldestPendingAge),
    cut: new Set(COUNT_NAMES.filter((name) => counts[name] >= COUNT_LIMIT)),
  };
}

/** The sum. It is a lower bound where a part was cut. */
function totalOf(all: Iterable<Counts>): Counts {
  const total = { pending: 0, processing: 0, completed: 0, failed: 0, recentlyFailed: 0 };
  const cut = new Set<CountName>();
  let oldest: number | undefined;
  for (const counts of all) {
    for (const name of COUNT_NAMES) total[name] += counts[name];
    for (const name of counts.cut) cut.add(name);
    if (counts.oldestPending !== undefined) oldest = Math.max(oldest ?? 0, counts.oldestPending);
  }
  return { ...total, oldestPending: oldest, cut };
}

/** Calls both services once and keeps what they say. A change of role or a ban shows here, too. */
export async function sample(): Promise<void> {
  const signal = sessionSignal();
  await Promise.all([
    measure("users", async () => {
      await users.getUser({ id: "me" }, { signal });
    }),
    measure("jobs", async () => {
      const response = await jobs.getJobStats({}, { signal });
      const workflows = new Map(response.workflows.map((one) => [one.workflowId, countsOf(one)]));
      learnWorkflows([...workflows.keys()]);
      samples.value = [...samples.value.slice(1 - KEPT_SAMPLES), { total: totalOf(workflows.values()), workflows }];
    }),
  ]);
}

async function measure(service: "users" | "jobs", call: () => Promise<void>): Promise<void> {
  const start = performance.now();
  try {
    await call();
    health.value = { ...health.value, [service]: { millis: performance.now() - start, failure: undefined, at: new Date() } };
  } catch (error) {
    if (isCancelled(error)) return;
    health.value = { ...health.value, [service]: { millis: undefined, failure: failureOf(error), at: new Date() } };
  }
}
