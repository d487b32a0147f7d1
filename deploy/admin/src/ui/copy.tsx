import { useEffect, useState } from "preact/hooks";

import { copyText } from "../lib/download.ts";
import { toast } from "../state/toasts.ts";
import { Icon } from "./icon.tsx";

const SHOWN_MILLIS = 1500;

/** Copies `text`; says so for a moment. `what` names the text: "job id". */
export function CopyButton({ text, what, visibleLabel = false }: { text: string; what: string; visibleLabel?: boolean }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MILLIS);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = (): void => {
    copyText(text).then(
      () => setCopied(true),
      () => toast("failed", `The browser does not allow copying the ${what}.`),
    );
  };
  return (
    <button
      type="button"
      class={visibleLabel ? "button quiet" : "button quiet square small"}
      aria-label={visibleLabel ? undefined : `Copy the ${what}`}
      title={`Copy the ${what}`}
      onClick={copy}
    >
      <Icon name={copied ? "check" : "copy"} />
      {visibleLabel && <span>{copied ? "Copied" : "Copy"}</span>}
      <span class="hidden" role="status">
        {copied ? `Copied the ${what}` : ""}
      </span>
    </button>
  );
}
