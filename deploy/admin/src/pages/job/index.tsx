import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useEffect, useState } from "preact/hooks";

import { type Job, Job_Status, JobView } from "../../../stubs/vibestack/job/v1/job_pb.js";
import { jobs } from "../../api/client.ts";
import { lookUp } from "../../api/directory.ts";
import { isTerminal, watchJob } from "../../api/jobs.ts";
import { shortId } from "../../lib/text.ts";
import { duration } from "../../lib/time.ts";
import { useWatch } from "../../state/live.ts";
import { useLoad } from "../../state/load.ts";
import { href } from "../../state/route.ts";
import { present } from "../../state/visible.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { FailureBox } from "../../ui/failure.tsx";
import { Icon } from "../../ui/icon.tsx";
import { JsonView } from "../../ui/json_view.tsx";
import { Empty, Fact, Facts, Foreign, PageHead, Section, Skeleton } from "../../ui/parts.tsx";
import { Status } from "../../ui/status.tsx";
import { ExactTime } from "../../ui/time.tsx";
import { UserLink } from "../../ui/user_link.tsx";
import { JobActions } from "./actions.tsx";
import { Timeline } from "./timeline.tsx";

export function JobPage({ id }: { id: string }) {
  const loaded = useLoad(`job ${id}`, (signal) => jobs.getJob({ id, view: JobView.EXACT }, { signal }));
  const [deleted, setDeleted] = useState(false);
  const job = loaded.data;
  const live = useWatch(id, job !== undefined && !isTerminal(job.status) && !deleted, async (signal, opened) => {
    await watchJob(id, signal, (state) => {
      opened();
      // A watch does not send the input. It never changes, and a completed job has none any more.
      const input = state.status === Job_Status.COMPLETED ? undefined : job?.inputJson;
      loaded.set({ ...state, ...(input !== undefined && { inputJson: input }) });
    });
  });
  useEffect(() => void lookUp([job?.userId ?? ""]), [job?.userId]);

  if (deleted) {
    return (
      <>
        <PageHead title={`Job ${shortId(id)}`} />
        <Empty icon="trash" title="The job is deleted">
          <p>The job and its result are erased.</p>
          <ButtonLink href={href(["jobs"])}>Go to the jobs</ButtonLink>
        </Empty>
      </>
    );
  }
  if (job === undefined) {
    return (
      <>
        <PageHead title={`Job ${shortId(id)}`} />
        {loaded.failure === undefined ? (
          <Skeleton lines={12} />
        ) : loaded.failure.reason === "JOB_NOT_FOUND" ? (
          <Empty icon="search" title="There is no such job">
            <p>
              No job has the id <code>{id}</code>. It may have been deleted, or erased with its user.
            </p>
            <ButtonLink href={href(["jobs"])}>Go to the jobs</ButtonLink>
          </Empty>
        ) : (
          <FailureBox failure={loaded.failure} onRetry={loaded.reload} />
        )}
      </>
    );
  }
  return (
    <>
      <PageHead
        title={job.workflowId}
        about={`Job ${shortId(id)}`}
        beside={
          <>
            <Status status={job.status} />
            {live !== "off" && (
              <span class={`live-mark ${live}`} role="status">
                {live === "live" ? "Live" : "Connecting…"}
              </span>
            )}
          </>
        }
      >
        <JobActions job={job} onChanged={loaded.reload} onDeleted={() => setDeleted(true)} />
      </PageHead>
      {loaded.failure && <FailureBox failure={loaded.failure} onRetry={loaded.reload} />}
      <div class="columns">
        <div class="stack">
          <Results job={job} />
        </div>
        <div class="stack">
          <Section title="Details">
            <JobFacts job={job} />
          </Section>
          <Section title="Timeline">
            <Timeline job={job} />
          </Section>
          <Section title="More like this">
            <ul class="links">
              <li>
                <a href={href(["jobs"], { user: job.userId })}>All jobs of its user</a>
              </li>
              <li>
                <a href={href(["jobs"], { workflow: job.workflowId })}>All jobs of this workflow</a>
              </li>
              <li>
                <a href={href(["jobs"], { workflow: job.workflowId, status: "failed" })}>Failed jobs of this workflow</a>
              </li>
              <li>
                <a href={href(["jobs", "new"], { workflow: job.workflowId, user: job.userId, like: id })}>
                  Create a job like this one
                </a>
              </li>
            </ul>
          </Section>
        </div>
      </div>
    </>
  );
}

function JobFacts({ job }: { job: Job }) {
  return (
    <Facts>
      <Fact name="Id">
        <code class="break">{job.id}</code> <CopyButton text={job.id} what="job id" />
      </Fact>
      <Fact name="Workflow">
        <a href={href(["jobs"], { workflow: job.workflowId })}>
          <Foreign>{job.workflowId}</Foreign>
        </a>
      </Fact>
      <Fact name="User">
        <UserLink id={job.userId} />
      </Fact>
      <Fact name="Created">
        <ExactTime value={job.createdAt} />
      </Fact>
      <Fact name="Changed">
        <ExactTime value={job.updatedAt} />
      </Fact>
      {job.attempt > 0 && (
        <Fact name="Attempt">
          {job.attempt}
          {job.maxAttempts > 0 && ` of ${job.maxAttempts}`}
        </Fact>
      )}
      {job.notBefore && !isTerminal(job.status) && (
        <Fact name="Starts">
          <ExactTime value={job.notBefore} />
        </Fact>
      )}
      {job.createdAt && job.updatedAt && (
        <Fact name={isTerminal(job.status) ? "Took" : "Age"}>
          {duration((isTerminal(job.status) ? timestampMs(job.updatedAt) : present()) - timestampMs(job.createdAt))}
        </Fact>
      )}
    </Facts>
  );
}

/** The input, and what has come of it so far. */
function Results({ job }: { job: Job }) {
  const title = job.status === Job_Status.COMPLETED ? "Result" : job.status === Job_Status.FAILED ? "Error" : "Progress";
  const error = job.errors.at(-1);
  return (
    <>
      <Section title={title}>
        {job.status === Job_Status.FAILED && error && (
          <div class="notice failed">
            <Icon name="close" />
            <p>
              <code>{error.code}</code> <Foreign>{error.message}</Foreign>
            </p>
          </div>
        )}
        {job.resultJson === undefined ? (
          <p class="muted">
            {job.status === Job_Status.COMPLETED ? "The job completed without output." : "Nothing has been reported yet."}
          </p>
        ) : (
          <JsonView text={job.resultJson} what={title.toLowerCase()} file={`${job.id}-${title.toLowerCase()}.json`} />
        )}
      </Section>
      <Section title="Input">
        {job.inputJson !== undefined ? (
          <JsonView text={job.inputJson} what="input" file={`${job.id}-input.json`} />
        ) : (
          <p class="muted">
            {job.status === Job_Status.COMPLETED ? "A completed job keeps only its output." : "The job was created without input."}
          </p>
        )}
      </Section>
    </>
  );
}
