import type { ComponentChildren } from "preact";

import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps {
  children: ComponentChildren;
  icon?: IconName | undefined;
  kind?: "plain" | "primary" | "danger" | "quiet";
  type?: "button" | "submit";
  /** The action runs: the button says so and takes no second click. */
  busy?: boolean;
  disabled?: boolean;
  pressed?: boolean;
  onClick?: (event: MouseEvent) => void;
  popovertarget?: string;
  /** The focus goes here when the dialog opens, unless a field before it wants it. */
  first?: boolean;
}

export function Button({
  children,
  icon,
  kind = "plain",
  type = "button",
  busy = false,
  disabled,
  pressed,
  first,
  onClick,
  popovertarget,
}: ButtonProps) {
  return (
    <button
      type={type}
      class={`button ${kind}`}
      disabled={disabled}
      aria-busy={busy}
      aria-disabled={busy || undefined}
      aria-pressed={pressed}
      data-first={first || undefined}
      popovertarget={popovertarget}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A button that shows only an icon. `label` is its name and its tooltip. */
export function IconButton({
  label,
  icon,
  onClick,
  popovertarget,
  pressed,
}: {
  label: string;
  icon: IconName;
  onClick?: () => void;
  popovertarget?: string;
  pressed?: boolean;
}) {
  return (
    <button
      type="button"
      class="button quiet square"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      popovertarget={popovertarget}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

/** A link that looks like a button. A link to elsewhere opens in a new tab, because leaving this page ends the session. */
export function ButtonLink({
  href,
  icon,
  kind = "plain",
  elsewhere = false,
  children,
}: {
  href: string;
  icon?: IconName;
  kind?: "plain" | "primary" | "quiet";
  elsewhere?: boolean;
  children: ComponentChildren;
}) {
  return (
    <a
      class={`button ${kind}`}
      href={href}
      target={elsewhere ? "_blank" : undefined}
      rel={elsewhere ? "noopener noreferrer" : undefined}
    >
      {icon && <Icon name={icon} />}
      <span>
        {children}
        {elsewhere && <span class="hidden"> (opens in a new tab)</span>}
      </span>
    </a>
  );
}
