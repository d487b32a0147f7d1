/** The names of the workflows that have jobs, for fields that suggest them. Asked for once in a session. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { jobs } from "../api/client.ts";
import { me, sessionSignal } from "../api/session.ts";

const names = signal<string[] | undefined>(undefined);
let asked = false;

me.subscribe((user) => {
  if (user !== undefined) return;
  names.value = undefined;
  asked = false;
});

/** Keeps the names that another call returned. */
export function learnWorkflows(workflows: string[]): void {
  asked = true;
  names.value = workflows;
}

export function useWorkflows(): string[] {
  useEffect(() => {
    if (asked) return;
    asked = true;
    jobs.getJobStats({}, { signal: sessionSignal() }).then(
      (stats) => learnWorkflows(stats.workflows.map((one) => one.workflowId)),
      () => (asked = false), // the field works without suggestions
    );
  }, []);
  return names.value ?? [];
}
