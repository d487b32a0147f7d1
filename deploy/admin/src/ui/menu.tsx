import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

import { Icon, type IconName } from "./icon.tsx";

/** A button that opens a small panel beside it. The browser closes it on Escape and on a click elsewhere. */
export function Menu({
  label,
  icon,
  accessibleName,
  quiet = false,
  children,
}: {
  label: string;
  icon?: IconName;
  accessibleName?: string;
  quiet?: boolean;
  children: (close: () => void) => ComponentChildren;
}) {
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  return (
    <div class="menu">
      <button type="button" class={quiet ? "button quiet" : "button"} aria-label={accessibleName} popovertarget={id}>
        {icon && <Icon name={icon} />}
        <span>{label}</span>
        <Icon name="down" />
      </button>
      <div ref={panel} id={id} popover="auto" class="panel">
        {children(() => panel.current?.hidePopover())}
      </div>
    </div>
  );
}
