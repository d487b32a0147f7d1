import { useState } from "preact/hooks";

import { type Job, Job_Status } from "../../../stubs/vibestack/job/v1/job_pb.js";
import { jobs } from "../../api/client.ts";
import { isTerminal } from "../../api/jobs.ts";
import { shortId } from "../../lib/text.ts";
import { useAction } from "../../state/load.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { statusName } from "../../ui/status.tsx";

type Asked = "retry" | "cancel" | "delete";

/** What can be done with the job in its present state. */
export function JobActions({ job, onChanged, onDeleted }: { job: Job; onChanged: () => void; onDeleted: () => void }) {
  const [asked, setAsked] = useState<Asked | undefined>();
  const [reason, setReason] = useState("");
  const name = `job ${shortId(job.id)} of workflow ${job.workflowId}`;

  const retry = useAction(async () => {
    await jobs.retryJob({ id: job.id });
    toast("done", `Retried ${name}: it is pending again.`);
    onChanged();
  });
  const cancel = useAction(async () => {
    await jobs.cancelJob({ id: job.id, reason });
    toast("done", `Cancelled ${name}.`);
    onChanged();
  });
  const remove = useAction(async () => {
    await jobs.deleteJob({ id: job.id });
    toast("done", `Deleted ${name}.`);
    onDeleted();
  });
  const actions = { retry, cancel, delete: remove };
  const close = (): void => {
    for (const action of Object.values(actions)) action.clear();
    setAsked(undefined);
  };
  const confirm = (which: Asked) => async (): Promise<void> => {
    if (await actions[which].run()) close();
  };
  return (
    <>
      {job.status === Job_Status.FAILED && (
        <Button icon="retry" kind="primary" onClick={() => setAsked("retry")}>
          Retry
        </Button>
      )}
      {!isTerminal(job.status) && (
        <Button icon="stop" kind="danger" onClick={() => setAsked("cancel")}>
          Cancel job
        </Button>
      )}
      {isTerminal(job.status) && (
        <Button icon="trash" kind="danger" onClick={() => setAsked("delete")}>
          Delete
        </Button>
      )}
      {asked === "retry" && (
        <ConfirmDialog
          title="Retry this job?"
          action="Retry 1 job"
          busy={retry.busy}
          failure={retry.failure}
          onConfirm={() => void confirm("retry")()}
          onClose={close}
        >
          <p>
            The {name} becomes pending and runs again with its input. It keeps its place in the queue. The errors of its past
            attempts stay.
          </p>
        </ConfirmDialog>
      )}
      {asked === "cancel" && (
        <ConfirmDialog
          title="Cancel this job?"
          action="Cancel 1 job"
          danger
          busy={cancel.busy}
          failure={cancel.failure}
          onConfirm={() => void confirm("cancel")()}
          onClose={close}
        >
          <p>
            The {name} is {statusName(job.status).toLowerCase()}. It becomes failed with the code CANCELLED
            {job.status === Job_Status.PROCESSING && ", and its worker loses the lease"}.
          </p>
          <TextField
            first
            label="Reason"
            hint="Stored as the message of the job's error. Optional."
            value={reason}
            onInput={setReason}
            error={cancel.failure?.fields["reason"]}
          />
        </ConfirmDialog>
      )}
      {asked === "delete" && (
        <ConfirmDialog
          title="Delete this job?"
          action="Delete 1 job"
          danger
          busy={remove.busy}
          failure={remove.failure}
          onConfirm={() => void confirm("delete")()}
          onClose={close}
        >
          <p>The {name} and its result are erased. This cannot be undone.</p>
        </ConfirmDialog>
      )}
    </>
  );
}
