import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { useEffect, useId, useState } from "preact/hooks";

import { JobView } from "../../stubs/vibestack/job/v1/job_pb.js";
import { jobs, users } from "../api/client.ts";
import { me } from "../api/session.ts";
import { JsonError, parseJson } from "../lib/json.ts";
import { bytes, isUuid, newUuid, shortId } from "../lib/text.ts";
import { fromInput, toInput } from "../lib/time.ts";
import { useAction } from "../state/load.ts";
import { preferences } from "../state/preferences.ts";
import { go, href, route } from "../state/route.ts";
import { toast } from "../state/toasts.ts";
import { useWorkflows } from "../state/workflows.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { FailureBox } from "../ui/failure.tsx";
import { Choice, TextArea, TextField } from "../ui/field.tsx";
import { PageHead } from "../ui/parts.tsx";

type Start = "now" | "delay" | "at";

/** What is wrong with the text, or undefined. Empty text means no input. */
function jsonProblem(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  try {
    parseJson(text);
    return undefined;
  } catch (error) {
    return error instanceof JsonError ? error.message : "This is not JSON.";
  }
}

export function NewJobPage() {
  const query = route.value.query;
  const zone = preferences.value.zone;
  const [workflow, setWorkflow] = useState(query.get("workflow") ?? "");
  const [owner, setOwner] = useState(query.get("user") ?? me.value?.email ?? "");
  const [input, setInput] = useState("");
  const [start, setStart] = useState<Start>("now");
  const [minutes, setMinutes] = useState("10");
  const [at, setAt] = useState(() => toInput(new Date(Date.now() + 3_600_000), zone));
  const [attempts, setAttempts] = useState("");
  // The id is chosen here, so that a second click after a lost answer creates no second job.
  const [id] = useState(newUuid);
  const workflows = useWorkflows();
  const list = useId();
  const like = query.get("like") ?? "";
  useEffect(() => {
    if (like === "") return;
    jobs.getJob({ id: like, view: JobView.EXACT }).then(
      (job) => setInput(job.inputJson ?? ""),
      () => undefined,
    );
  }, [like]);

  const create = useAction(async () => {
    const userId =
      isUuid(owner.trim()) || owner.trim() === "" ? owner.trim() : (await users.getUserByEmail({ email: owner.trim() })).id;
    const time = fromInput(at, zone);
    const job = await jobs.createJob({
      id,
      userId,
      workflowId: workflow,
      inputForm: input.trim() === "" ? { case: undefined } : { case: "inputJson", value: input },
      maxAttempts: Number(attempts) || 0,
      start:
        start === "delay"
          ? { case: "delay", value: durationFromMs(Number(minutes) * 60_000) }
          : start === "at" && time
            ? { case: "notBefore", value: timestampFromDate(time) }
            : { case: undefined },
    });
    toast("done", `Created job ${shortId(job.id)} of workflow ${job.workflowId}.`);
    go(href(["jobs", job.id]));
  });
  const problem = jsonProblem(input);
  const fields = create.failure?.fields ?? {};
  const ownerError =
    fields["user_id"] ??
    fields["email"] ??
    (create.failure?.reason === "USER_NOT_FOUND" ? "No account has this email or id." : undefined);
  return (
    <>
      <PageHead title="New job" />
      <form
        class="card form stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (problem === undefined) void create.run();
        }}
      >
        <TextField
          first
          label="Workflow"
          required
          list={list}
          autocomplete="off"
          value={workflow}
          onInput={setWorkflow}
          error={fields["workflow_id"]}
          hint="The kind of work, up to 100 characters."
        />
        <datalist id={list}>
          {workflows.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <TextField
          label="Owner"
          value={owner}
          onInput={setOwner}
          error={ownerError}
          hint="Email or id. The job belongs to this user; empty means you."
        />
        <TextArea
          code
          rows={10}
          label="Input"
          value={input}
          onInput={setInput}
          error={problem ?? fields["input_json"]}
          hint={
            input.trim() === ""
              ? "JSON for the worker. Optional."
              : problem === undefined
                ? `Valid JSON, ${bytes(new Blob([input]).size)}. All digits of numbers are kept.`
                : "JSON for the worker."
          }
        />
        <div class="field">
          <span class="label">Start</span>
          <Choice<Start>
            label="Start"
            value={start}
            options={[
              ["now", "At once"],
              ["delay", "After a delay"],
              ["at", "At a time"],
            ]}
            onChange={setStart}
          />
        </div>
        {start === "delay" && (
          <TextField
            type="number"
            min={0}
            max={527_040}
            label="Delay in minutes"
            value={minutes}
            onInput={setMinutes}
            error={fields["delay"]}
          />
        )}
        {start === "at" && (
          <TextField
            type="datetime-local"
            label={`Not before (${zone === "utc" ? "UTC" : "local time"})`}
            value={at}
            onInput={setAt}
            error={fields["not_before"]}
          />
        )}
        <TextField
          type="number"
          min={1}
          max={1000}
          label="Most attempts"
          value={attempts}
          onInput={setAttempts}
          error={fields["max_attempts"]}
          hint="Empty means the number of the workflow."
        />
        {create.failure && ownerError === undefined && (
          <FailureBox
            failure={create.failure}
            shownFields={["workflow_id", "user_id", "input_json", "delay", "not_before", "max_attempts"]}
          />
        )}
        <div class="row end">
          <ButtonLink href={href(["jobs"])}>Back to the jobs</ButtonLink>
          <Button type="submit" kind="primary" busy={create.busy} disabled={problem !== undefined}>
            Create job
          </Button>
        </div>
      </form>
    </>
  );
}
