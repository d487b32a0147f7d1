import { dismiss, toasts } from "../state/toasts.ts";
import { IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";

/** What came of actions: read out by screen readers when it appears. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={`toast ${one.kind}`}>
          <Icon name={one.kind === "done" ? "check" : "warning"} />
          <p>{one.text}</p>
          <IconButton label="Dismiss" icon="close" onClick={() => dismiss(one.id)} />
        </div>
      ))}
    </div>
  );
}
