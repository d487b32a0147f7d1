import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ComponentChildren } from "preact";

import { type Job, Job_Status } from "../../../stubs/vibestack/job/v1/job_pb.js";
import { ExactTime } from "../../ui/time.tsx";
import { now } from "../../state/visible.ts";

/** Kinds have a shape and a colour each. */
type Kind = "pending" | "processing" | "completed" | "failed" | "waiting";

interface Step {
  kind: Kind;
  title: string;
  at: Timestamp | undefined;
  detail?: string;
}

/** What is known of the job's way: its creation, the attempts that failed, and its present state. */
function stepsOf(job: Job): Step[] {
  const steps: Step[] = [{ kind: "pending", title: "Created", at: job.createdAt }];
  for (const error of job.errors) {
    steps.push({
      kind: "failed",
      title: error.code === "CANCELLED" ? "Cancelled" : `Attempt ${error.attempt} failed`,
      at: error.time,
      detail: `${error.code}: ${error.message}`,
    });
  }
  const attempt = job.attempt > 0 ? ` ${job.attempt}` : "";
  switch (job.status) {
    case Job_Status.PENDING:
      steps.push(
        job.notBefore && timestampMs(job.notBefore) > now.value.getTime()
          ? { kind: "waiting", title: `Attempt${attempt} waits for its time`, at: job.notBefore }
          : { kind: "waiting", title: "Waits for a worker", at: undefined },
      );
      break;
    case Job_Status.PROCESSING:
      steps.push({ kind: "processing", title: `Attempt${attempt} runs`, at: job.updatedAt, detail: "Last sign of life" });
      break;
    case Job_Status.COMPLETED:
      steps.push({ kind: "completed", title: "Completed", at: job.updatedAt });
      break;
    case Job_Status.FAILED:
      if (job.errors.length === 0) steps.push({ kind: "failed", title: "Failed", at: job.updatedAt });
      break;
    default:
      break;
  }
  return steps;
}

export function Timeline({ job }: { job: Job }): ComponentChildren {
  return (
    <ol class="timeline">
      {stepsOf(job).map((step, index) => (
        <li key={index} class={step.kind}>
          <p class="step">{step.title}</p>
          {step.at && (
            <p class="small muted">
              <ExactTime value={step.at} />
            </p>
          )}
          {step.detail && (
            <p class="small wrap">
              <bdi>{step.detail}</bdi>
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
