import { useEffect } from "preact/hooks";

import type { Job } from "../../../stubs/vibestack/job/v1/job_pb.js";
import { users } from "../../api/client.ts";
import { learn } from "../../api/directory.ts";
import { listJobs } from "../../api/jobs.ts";
import { me } from "../../api/session.ts";
import { shortId } from "../../lib/text.ts";
import { readJobFilter } from "../../state/job_filter.ts";
import { useLoad } from "../../state/load.ts";
import { href } from "../../state/route.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { FailureBox } from "../../ui/failure.tsx";
import { Badge, Empty, Fact, Facts, Foreign, PageHead, Section, Skeleton } from "../../ui/parts.tsx";
import { Status, statusName } from "../../ui/status.tsx";
import { ExactTime, Time } from "../../ui/time.tsx";
import { UserActions } from "./actions.tsx";
import { EditUser } from "./edit.tsx";
import { UserBadges } from "./index.tsx";

const SHOWN_JOBS = 10;

export function UserPage({ id }: { id: string }) {
  const loaded = useLoad(`user ${id}`, (signal) => users.getUser({ id }, { signal }));
  const user = loaded.data;
  useEffect(() => {
    if (user !== undefined) learn(user);
  }, [user]);

  if (user === undefined) {
    return (
      <>
        <PageHead title={`User ${shortId(id)}`} />
        {loaded.failure === undefined ? (
          <Skeleton lines={10} />
        ) : loaded.failure.reason === "USER_NOT_FOUND" ? (
          <Empty icon="search" title="There is no such user">
            <p>
              No account has the id <code>{id}</code>. It may have been erased.
            </p>
            <ButtonLink href={href(["users"])}>Go to the users</ButtonLink>
          </Empty>
        ) : (
          <FailureBox failure={loaded.failure} onRetry={loaded.reload} />
        )}
      </>
    );
  }
  const own = user.id === me.value?.id;
  return (
    <>
      <PageHead
        title={user.email}
        beside={
          <>
            {own && <Badge>You</Badge>}
            <UserBadges user={user} />
          </>
        }
      >
        <UserActions user={user} onChanged={loaded.set} />
      </PageHead>
      {loaded.failure && <FailureBox failure={loaded.failure} onRetry={loaded.reload} />}
      <div class="columns">
        <div class="stack">
          <Section title="Account">
            <EditUser key={String(user.updatedAt?.nanos)} user={user} own={own} onSaved={loaded.set} />
          </Section>
        </div>
        <div class="stack">
          <Section title="Details">
            <Facts>
              <Fact name="Id">
                <code class="break">{user.id}</code> <CopyButton text={user.id} what="user id" />
              </Fact>
              <Fact name="Email">
                <Foreign>{user.email}</Foreign> <CopyButton text={user.email} what="email" />
              </Fact>
              <Fact name="Created">
                <ExactTime value={user.createdAt} />
              </Fact>
              <Fact name="Changed">
                <ExactTime value={user.updatedAt} />
              </Fact>
            </Facts>
          </Section>
          <UserJobs id={user.id} email={user.email} />
        </div>
      </div>
    </>
  );
}

function UserJobs({ id, email }: { id: string; email: string }) {
  const filter = readJobFilter(new URLSearchParams({ user: id }));
  const page = useLoad(`user-jobs ${id}`, (signal) => listJobs(filter, SHOWN_JOBS, "", signal));
  return (
    <Section
      title="Latest jobs"
      beside={
        <ButtonLink kind="quiet" href={href(["jobs"], { user: id })}>
          Show all
        </ButtonLink>
      }
    >
      {page.failure && <FailureBox failure={page.failure} onRetry={page.reload} />}
      {page.data === undefined && !page.failure && <Skeleton lines={5} />}
      {page.data?.rows.length === 0 && (
        <p class="muted">
          No jobs. <a href={href(["jobs", "new"], { user: email })}>Create one</a>
        </p>
      )}
      {page.data && page.data.rows.length > 0 && (
        <ul class="job-list">
          {page.data.rows.map((job: Job) => (
            <li key={job.id}>
              <a
                href={href(["jobs", job.id])}
                aria-label={`${statusName(job.status)}: job ${shortId(job.id)} of workflow ${job.workflowId}`}
              >
                <Status status={job.status} />
              </a>
              <Foreign>{job.workflowId}</Foreign>
              <Time value={job.createdAt} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
