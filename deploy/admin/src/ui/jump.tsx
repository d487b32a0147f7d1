import { signal } from "@preact/signals";
import { useEffect, useId, useState } from "preact/hooks";

import { JobView } from "../../stubs/vibestack/job/v1/job_pb.js";
import { jobs, users } from "../api/client.ts";
import { learn } from "../api/directory.ts";
import { isUuid, shortId } from "../lib/text.ts";
import { go, href } from "../state/route.ts";
import { useWorkflows } from "../state/workflows.ts";
import { Dialog } from "./dialog.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { statusName } from "./status.tsx";

export const jumpShown = signal(false);

interface Target {
  icon: IconName;
  name: string;
  kind: string;
  hash: string;
}

const PAGES: Target[] = [
  { icon: "overview", name: "Overview", kind: "page", hash: href([]) },
  { icon: "jobs", name: "Jobs", kind: "page", hash: href(["jobs"]) },
  { icon: "plus", name: "New job", kind: "page", hash: href(["jobs", "new"]) },
  { icon: "users", name: "Users", kind: "page", hash: href(["users"]) },
  { icon: "plus", name: "New user", kind: "page", hash: href(["users", "new"]) },
  { icon: "token", name: "Token inspector", kind: "page", hash: href(["token"]) },
  { icon: "shield", name: "My account", kind: "page", hash: href(["account"]) },
];

const MOST_WORKFLOWS = 5;
const TYPING_MILLIS = 200;

/** What the text may mean, without asking a service. */
function guesses(text: string, workflows: string[]): Target[] {
  const wanted = text.toLowerCase();
  if (isUuid(text)) return [];
  const pages = PAGES.filter((page) => page.name.toLowerCase().includes(wanted));
  if (wanted === "") return pages;
  const named = workflows.filter((workflow) => workflow.toLowerCase().includes(wanted)).slice(0, MOST_WORKFLOWS);
  return [
    ...(wanted.includes("@") ? [] : pages),
    ...named.map((workflow): Target => ({
      icon: "jobs",
      name: workflow,
      kind: "jobs of this workflow",
      hash: href(["jobs"], { workflow }),
    })),
    { icon: "search", name: text, kind: "users with emails that start so", hash: href(["users"], { prefix: text }) },
  ];
}

/** What has this id or this email. */
async function find(text: string, signal: AbortSignal): Promise<Target[]> {
  if (isUuid(text)) {
    const id = text.toLowerCase();
    const [job, user] = await Promise.allSettled([
      jobs.getJob({ id, view: JobView.BASIC }, { signal }),
      users.getUser({ id }, { signal }),
    ]);
    const found: Target[] = [];
    if (job.status === "fulfilled")
      found.push({
        icon: "jobs",
        name: `${job.value.workflowId} ${shortId(id)}`,
        kind: `job, ${statusName(job.value.status).toLowerCase()}`,
        hash: href(["jobs", id]),
      });
    if (user.status === "fulfilled") found.push(targetOf(user.value));
    return found;
  }
  if (/^[^@\s]+@[^@\s]+$/.test(text)) {
    const user = await users.getUserByEmail({ email: text }, { signal }).catch(() => undefined);
    return user === undefined ? [] : [targetOf(user)];
  }
  return [];
}

function targetOf(user: Parameters<typeof learn>[0]): Target {
  learn(user);
  return { icon: "users", name: user.email, kind: "user", hash: href(["users", user.id]) };
}

export function JumpDialog() {
  return jumpShown.value ? <Jump onClose={() => (jumpShown.value = false)} /> : null;
}

function Jump({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<{ text: string; targets: Target[] }>({ text: "", targets: [] });
  const [at, setAt] = useState(0);
  const workflows = useWorkflows();
  const id = useId();
  const wanted = text.trim();
  useEffect(() => {
    const left = new AbortController();
    const timer = setTimeout(() => {
      void find(wanted, left.signal).then((targets) => {
        if (!left.signal.aborted) setFound({ text: wanted, targets });
      });
    }, TYPING_MILLIS);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [wanted]);

  const asked = found.text === wanted;
  const targets = [...(asked ? found.targets : []), ...guesses(wanted, workflows)];
  const choose = (target: Target | undefined): void => {
    if (target === undefined) return;
    onClose();
    go(target.hash);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, targets.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter") choose(targets[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <input
        data-first
        class="jump"
        type="text"
        role="combobox"
        aria-label="A job's or user's id, an email, a workflow or a page"
        aria-expanded={targets.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={targets.length > 0 ? `${id}-${at}` : undefined}
        aria-autocomplete="list"
        placeholder="Id, email, workflow or page"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        dir="auto"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <ul id={`${id}-list`} class="jump-list" role="listbox" aria-label="Places">
        {targets.map((target, index) => (
          <li
            key={target.hash + target.kind}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => choose(target)}
            onPointerMove={() => setAt(index)}
          >
            <Icon name={target.icon} />
            <bdi>{target.name}</bdi>
            <span class="muted small">{target.kind}</span>
          </li>
        ))}
      </ul>
      <p class="small muted" role="status">
        {targets.length === 0 && (asked ? "Nothing has this id." : "Looking…")}
      </p>
    </Dialog>
  );
}
