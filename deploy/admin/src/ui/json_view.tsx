import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";

import { download } from "../lib/download.ts";
import { type Json, parseJson } from "../lib/json.ts";
import { bytes, count, plural } from "../lib/text.ts";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy.tsx";
import { Choice } from "./field.tsx";
import { Icon } from "./icon.tsx";

// Limits that keep a page of megabytes quick: what is closed or further down is not rendered.
const OPEN_DEPTH = 2;
const OPEN_ENTRIES = 20;
const PAGE_ENTRIES = 100;
const STRING_CHARACTERS = 1000;
const RAW_CHARACTERS = 100_000;

/** JSON text as a tree with exact digits, or as it is stored. `what` names it: "result"; `file` is the name of a download. */
export function JsonView({ text, what, file }: { text: string; what: string; file: string }) {
  const [view, setView] = useState<"tree" | "raw">("tree");
  const parsed = useMemo(() => parse(text), [text]);
  const size = useMemo(() => new Blob([text]).size, [text]);
  return (
    <div class="stack tight">
      <div class="row wrap">
        <Choice
          label={`View of the ${what}`}
          value={view}
          options={[
            ["tree", "Tree"],
            ["raw", "Raw"],
          ]}
          onChange={setView}
        />
        <span class="muted small">{bytes(size)}</span>
        <div class="row end grow">
          <CopyButton text={text} what={what} visibleLabel />
          <Button kind="quiet" icon="download" onClick={() => download(file, "application/json", [text])}>
            Download
          </Button>
        </div>
      </div>
      <div class="code-box" dir="ltr">
        {view === "raw" || parsed === undefined ? <Raw text={text} /> : <Tree value={parsed} what={what} />}
      </div>
    </div>
  );
}

function parse(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined; // the raw view shows whatever it is
  }
}

function Raw({ text }: { text: string }) {
  const [shown, setShown] = useState(RAW_CHARACTERS);
  return (
    <>
      <pre class="raw" tabIndex={0}>
        {text.slice(0, shown)}
      </pre>
      {text.length > shown && (
        <More onClick={() => setShown(shown + RAW_CHARACTERS)}>Show more: {count(text.length - shown)} characters are left</More>
      )}
    </>
  );
}

function Tree({ value, what }: { value: Json; what: string }) {
  return (
    <ul class="json" aria-label={`Tree of the ${what}`}>
      <Node name={undefined} value={value} depth={0} />
    </ul>
  );
}

function entriesOf(value: Json): [string, Json][] | undefined {
  if (value.kind === "object") return value.entries;
  if (value.kind === "array") return value.items.map((item, index) => [String(index), item]);
  return undefined;
}

function sizeOf(value: Json): number {
  return value.kind === "object" ? value.entries.length : value.kind === "array" ? value.items.length : 0;
}

function Node({ name, value, depth }: { name: string | undefined; value: Json; depth: number }) {
  const size = sizeOf(value);
  const [open, setOpen] = useState((depth < OPEN_DEPTH && size <= OPEN_ENTRIES) || depth === 0);
  const label =
    name === undefined ? null : (
      <>
        <span class="json-key">{name}</span>
        <span class="muted">: </span>
      </>
    );
  if (size === 0)
    return (
      <li class="json-leaf">
        {label}
        <Leaf value={value} />
      </li>
    );
  return (
    <li>
      <button type="button" class="json-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="chevron" />
        {label}
        <span class="muted">{value.kind === "array" ? `[ ${plural(size, "item")} ]` : `{ ${plural(size, "key")} }`}</span>
      </button>
      {open && <Children value={value} depth={depth + 1} />}
    </li>
  );
}

function Children({ value, depth }: { value: Json; depth: number }) {
  const [shown, setShown] = useState(PAGE_ENTRIES);
  const entries = useMemo(() => entriesOf(value) ?? [], [value]);
  const left = entries.length - shown;
  return (
    <ul>
      {entries.slice(0, shown).map(([key, child], index) => (
        <Node key={index} name={key} value={child} depth={depth} />
      ))}
      {left > 0 && (
        <li>
          <More onClick={() => setShown(shown + PAGE_ENTRIES)}>
            Show {Math.min(left, PAGE_ENTRIES)} more of {count(left)}
          </More>
        </li>
      )}
    </ul>
  );
}

function Leaf({ value }: { value: Json }) {
  switch (value.kind) {
    case "string":
      return <Text value={value.value} />;
    case "number":
      return <span class="json-number">{value.source}</span>;
    case "boolean":
      return <span class="json-word">{String(value.value)}</span>;
    case "null":
      return <span class="json-word">null</span>;
    default:
      return <span class="muted">{value.kind === "array" ? "[ ]" : "{ }"}</span>;
  }
}

function Text({ value }: { value: string }) {
  const [whole, setWhole] = useState(false);
  const long = value.length > STRING_CHARACTERS;
  return (
    <>
      <bdi class="json-string">{`"${long && !whole ? value.slice(0, STRING_CHARACTERS) : value}${long && !whole ? "…" : '"'}`}</bdi>
      {long && (
        <>
          {" "}
          <More onClick={() => setWhole(!whole)}>{whole ? "Show less" : `Show all ${count(value.length)} characters`}</More>
        </>
      )}
    </>
  );
}

function More({ children, onClick }: { children: ComponentChildren; onClick: () => void }) {
  return (
    <button type="button" class="link" onClick={onClick}>
      {children}
    </button>
  );
}
