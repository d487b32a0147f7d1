import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";

import { prefer, preferences } from "../state/preferences.ts";
import { Dialog } from "./dialog.tsx";
import { CheckField } from "./field.tsx";

export const shortcutsShown = signal(false);

/** Calls an action when its key is pressed outside of fields and dialogs. */
export function useShortcuts(actions: Record<string, (() => void) | undefined>): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !preferences.value.shortcuts) return;
      const target = event.target as HTMLElement;
      if (target.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [popover]") !== null) return;
      const action = latest.current[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

const KEYS: [keys: string[], what: string][] = [
  [["/"], "Go to a job or a user, by id or email"],
  [["j"], "Next row"],
  [["k"], "Previous row"],
  [["x"], "Select the row, or take it out"],
  [["Shift", "click"], "Select all rows up to this one"],
  [["Enter"], "Open the row"],
  [["Esc"], "Close a dialog, or give up the selection"],
  [["?"], "Show these shortcuts"],
];

export function ShortcutsDialog() {
  if (!shortcutsShown.value) return null;
  return (
    <Dialog title="Keyboard shortcuts" onClose={() => (shortcutsShown.value = false)}>
      <dl class="shortcuts">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <CheckField
        label="Use shortcuts of one key"
        hint="Off if a screen reader or speech input needs these keys."
        checked={preferences.value.shortcuts}
        onChange={(shortcuts) => prefer({ shortcuts })}
      />
    </Dialog>
  );
}
