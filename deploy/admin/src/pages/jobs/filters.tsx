import { useEffect, useId, useState } from "preact/hooks";

import { knownUser, learn, lookUp } from "../../api/directory.ts";
import { users } from "../../api/client.ts";
import { isUuid, shortId } from "../../lib/text.ts";
import { type JobFilter, STATUS_KEYS, type StatusKey, statusKey } from "../../state/job_filter.ts";
import { useAction } from "../../state/load.ts";
import { useWorkflows } from "../../state/workflows.ts";
import { Button } from "../../ui/button.tsx";
import { Choice, Field } from "../../ui/field.tsx";
import { statusName } from "../../ui/status.tsx";
import { TimeFilter, timeLabel } from "../../ui/time_filter.tsx";

type Change = (change: Partial<JobFilter>) => void;

export function Filters({ filter, onChange }: { filter: JobFilter; onChange: Change }) {
  const key = statusKey(filter.status) ?? "";
  return (
    <div class="filters" role="search" aria-label="Filter jobs">
      <Choice<StatusKey | "">
        label="State"
        value={key}
        options={[
          ["", "All"],
          ...Object.entries(STATUS_KEYS).map(([name, status]): [StatusKey, string] => [name as StatusKey, statusName(status)]),
        ]}
        onChange={(chosen) => onChange({ status: chosen === "" ? 0 : STATUS_KEYS[chosen] })}
      />
      <WorkflowFilter value={filter.workflow} onChange={(workflow) => onChange({ workflow })} />
      <OwnerFilter userId={filter.userId} onChange={(userId) => onChange({ userId })} />
      <TimeFilter range={filter} onChange={onChange} />
      <Button icon="arrows" onClick={() => onChange({ oldestFirst: !filter.oldestFirst })}>
        {filter.oldestFirst ? "Oldest first" : "Newest first"}
      </Button>
    </div>
  );
}

function WorkflowFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const list = useId();
  const workflows = useWorkflows();
  useEffect(() => setText(value), [value]);
  const submit = (): void => {
    if (text !== value) onChange(text);
  };
  return (
    <form
      class="filter"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Field label="Workflow">
        {(attributes) => (
          <input
            {...attributes}
            type="search"
            list={list}
            value={text}
            placeholder="Any workflow"
            spellcheck={false}
            autocomplete="off"
            dir="auto"
            onInput={(event) => {
              const chosen = event.currentTarget.value;
              setText(chosen);
              // A choice from the list, which is no typing, and the cross of the field count at once.
              const picked = !(event instanceof InputEvent) || event.inputType === "insertReplacementText";
              if (picked || chosen === "") onChange(chosen);
            }}
            onBlur={submit}
          />
        )}
      </Field>
      <datalist id={list}>
        {workflows.map((workflow) => (
          <option key={workflow} value={workflow} />
        ))}
      </datalist>
    </form>
  );
}

function OwnerFilter({ userId, onChange }: { userId: string; onChange: (userId: string) => void }) {
  const user = knownUser(userId);
  const shown = userId === "" ? "" : user === undefined || user === "missing" ? userId : user.email;
  const [typed, setTyped] = useState<string | undefined>(undefined);
  const text = typed ?? shown;
  useEffect(() => {
    setTyped(undefined);
    void lookUp([userId]);
  }, [userId]);

  const resolve = useAction(async (): Promise<void> => {
    const wanted = text.trim();
    if (wanted === shown) return;
    if (wanted === "" || isUuid(wanted)) {
      onChange(wanted.toLowerCase());
      return;
    }
    const found = await users.getUserByEmail({ email: wanted });
    learn(found);
    onChange(found.id);
  });
  return (
    <form
      class="filter"
      onSubmit={(event) => {
        event.preventDefault();
        void resolve.run();
      }}
    >
      <Field
        label="User"
        error={
          resolve.failure && (resolve.failure.reason === "USER_NOT_FOUND" ? "No account has this email." : resolve.failure.message)
        }
      >
        {(attributes) => (
          <input
            {...attributes}
            type="search"
            value={text}
            placeholder="User email or id"
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            dir="auto"
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              if (event.currentTarget.value === "" && userId !== "") onChange("");
            }}
            onBlur={() => void resolve.run()}
          />
        )}
      </Field>
    </form>
  );
}

/** What the filters say, for texts such as the title of a dialog: "failed jobs of workflow report". */
export function describe(filter: JobFilter): string {
  const user = knownUser(filter.userId);
  const owner = user === undefined || user === "missing" ? shortId(filter.userId) : user.email;
  const parts = [
    filter.status === 0 ? "jobs" : `${statusName(filter.status).toLowerCase()} jobs`,
    filter.workflow === "" ? "" : `of workflow ${filter.workflow}`,
    filter.userId === "" ? "" : `of ${owner}`,
    filter.from || filter.to ? `created ${timeLabel(filter).replace(/^./, (letter) => letter.toLowerCase())}` : "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}
