import { toJson, toJsonString } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { useEffect, useRef, useState } from "preact/hooks";

import { type User, UserSchema } from "../../../stubs/vibestack/user/v1/user_pb.js";
import type { ExportedJob } from "../../../stubs/vibestack/user/v1/user_service_pb.js";
import { users } from "../../api/client.ts";
import { type Failure, failureOf, isCancelled } from "../../api/errors.ts";
import { sessionSignal } from "../../api/session.ts";
import { download } from "../../lib/download.ts";
import { count, plural } from "../../lib/text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { FailureBox } from "../../ui/failure.tsx";

/** One exported job as JSON text. The payload stands in it as it is stored, to the last digit. */
function jobText(job: ExportedJob): string {
  const columns = {
    id: job.id,
    workflow_id: job.workflowId,
    status: job.status,
    created_at: job.createdAt && toJson(TimestampSchema, job.createdAt),
    updated_at: job.updatedAt && toJson(TimestampSchema, job.updatedAt),
  };
  return JSON.stringify(columns).replace(/\}$/, () => `,"result_payload":${job.resultJson ?? "null"}}`);
}

/** Reads the export of a user and saves it as one JSON file. A file is saved only if the export is complete. */
export function ExportDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const [read, setRead] = useState(0);
  const [phase, setPhase] = useState<"asks" | "runs" | "ended">("asks");
  const [failure, setFailure] = useState<Failure | undefined>();
  const left = useRef(new AbortController());
  useEffect(() => () => left.current.abort(), []);

  const run = async (): Promise<void> => {
    setPhase("runs");
    setFailure(undefined);
    setRead(0);
    const parts: string[] = [];
    let jobs = 0;
    try {
      const signal = AbortSignal.any([left.current.signal, sessionSignal()]);
      for await (const message of users.exportUser({ id: user.id }, { signal, timeoutMs: 0 })) {
        if (message.user) parts.push(`{"user":${toJsonString(UserSchema, message.user, { useProtoFieldName: true })},\n"jobs":[`);
        for (const job of message.jobs) parts.push(`${jobs++ === 0 ? "" : ","}\n${jobText(job)}`);
        setRead(jobs);
      }
      download(`user-${user.id}.json`, "application/json", [...parts, "]}\n"]);
      setPhase("ended");
    } catch (error) {
      setPhase("asks");
      if (!isCancelled(error)) setFailure(failureOf(error));
    }
  };
  return (
    <Dialog title="Export this user" onClose={onClose}>
      <div class="stack">
        <p>
          Saves everything that is stored about{" "}
          <bdi>
            <strong>{user.email}</strong>
          </bdi>
          , except the password hash, as one JSON file: the account, and all jobs with their exact payloads.
        </p>
        {phase === "runs" && <progress class="progress" aria-label="Reading the jobs" />}
        <p role="status">
          {phase === "runs"
            ? `${count(read)} jobs read…`
            : phase === "ended"
              ? `Saved the account and ${plural(read, "job")}.`
              : ""}
        </p>
        {failure && <FailureBox failure={failure} />}
        <div class="row end">
          <Button onClick={onClose}>{phase === "runs" ? "Stop" : "Close"}</Button>
          {phase !== "ended" && (
            <Button kind="primary" icon="download" busy={phase === "runs"} onClick={() => void run()}>
              Export
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
