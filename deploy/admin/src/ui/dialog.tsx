import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import type { Failure } from "../api/errors.ts";
import { Button, IconButton } from "./button.tsx";
import { FailureBox } from "./failure.tsx";

/** A modal dialog. It is open as long as it is rendered; the browser keeps the focus inside and returns it afterwards. */
export function Dialog({ title, children, onClose }: { title: string; children: ComponentChildren; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // A click on the dialog itself, not on its content, is a click beside it.
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="dialog-content">
        <div class="dialog-head">
          <h2 id={heading}>{title}</h2>
          <IconButton label="Close" icon="close" onClick={onClose} />
        </div>
        {children}
      </div>
    </dialog>
  );
}

/** Asks before an action. `action` is the verb and its object: "Delete 12 jobs". */
export function ConfirmDialog({
  title,
  action,
  danger = false,
  busy,
  failure,
  disabled = false,
  children,
  onConfirm,
  onClose,
}: {
  title: string;
  action: string;
  danger?: boolean;
  busy: boolean;
  failure: Failure | undefined;
  disabled?: boolean;
  children: ComponentChildren;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!disabled && !busy) onConfirm();
        }}
      >
        {children}
        {failure && <FailureBox failure={failure} />}
        <div class="row end">
          <Button first onClick={onClose}>
            Keep as it is
          </Button>
          <Button type="submit" kind={danger ? "danger" : "primary"} busy={busy} disabled={disabled}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
