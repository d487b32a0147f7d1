import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { endSession, me } from "../api/session.ts";
import { leavesIn, stay, useIdleLogout } from "../state/idle.ts";
import { type Theme, prefer, preferences } from "../state/preferences.ts";
import { href, route } from "../state/route.ts";
import { Logo } from "../pages/login.tsx";
import { Button, IconButton } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Choice } from "./field.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { JumpDialog, jumpShown } from "./jump.tsx";
import { Menu } from "./menu.tsx";
import { ShortcutsDialog, shortcutsShown, useShortcuts } from "./shortcuts.tsx";

const PAGES: [path: string, name: string, icon: IconName][] = [
  ["", "Overview", "overview"],
  ["jobs", "Jobs", "jobs"],
  ["users", "Users", "users"],
  ["token", "Token inspector", "token"],
];

/** What surrounds every page: navigation, jump box, the reader's menu. */
export function Shell({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const here = route.value.path[0] ?? "";
  useIdleLogout();
  useShortcuts({
    "/": () => (jumpShown.value = true),
    "?": () => (shortcutsShown.value = true),
  });
  useEffect(() => setOpen(false), [route.value]);
  return (
    <div class="shell">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("h1")?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="side">
        <div class="side-head">
          <a class="brand" href={href([])}>
            <Logo /> Vibe-Stack <span class="muted">admin</span>
          </a>
          <div class="only-narrow row">
            <IconButton label="Go to" icon="search" onClick={() => (jumpShown.value = true)} />
            <button
              type="button"
              class="button quiet square"
              aria-label="Menu"
              aria-expanded={open}
              aria-controls="navigation"
              onClick={() => setOpen(!open)}
            >
              <Icon name={open ? "close" : "menu"} />
            </button>
          </div>
        </div>
        <div id="navigation" class={open ? "side-body open" : "side-body"}>
          <button type="button" class="jump-button" onClick={() => (jumpShown.value = true)}>
            <Icon name="search" />
            <span>Go to…</span>
            <kbd aria-hidden="true">/</kbd>
          </button>
          <nav aria-label="Pages">
            <ul>
              {PAGES.map(([path, name, icon]) => (
                <li key={path}>
                  <a href={href(path === "" ? [] : [path])} aria-current={here === path ? "page" : undefined}>
                    <Icon name={icon} />
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div class="side-foot">
            <ReaderMenu />
          </div>
        </div>
      </header>
      <main id="main">{children}</main>
      <JumpDialog />
      <ShortcutsDialog />
      <IdleWarning />
    </div>
  );
}

function ReaderMenu() {
  const { theme, zone } = preferences.value;
  return (
    <Menu quiet icon="users" label={me.value?.email ?? ""} accessibleName={`Your menu: ${me.value?.email ?? ""}`}>
      {(close) => (
        <div class="stack">
          <div class="field">
            <span class="label">Theme</span>
            <Choice<Theme>
              label="Theme"
              value={theme}
              options={[
                ["auto", "Auto"],
                ["light", "Light"],
                ["dark", "Dark"],
              ]}
              onChange={(chosen) => prefer({ theme: chosen })}
            />
          </div>
          <div class="field">
            <span class="label">Times</span>
            <Choice
              label="Times"
              value={zone}
              options={[
                ["local", "Local"],
                ["utc", "UTC"],
              ]}
              onChange={(chosen) => prefer({ zone: chosen })}
            />
          </div>
          <div class="menu-items">
            <a class="button quiet" href={href(["account"])} onClick={close}>
              <Icon name="shield" />
              <span>My account</span>
            </a>
            <Button
              kind="quiet"
              icon="keyboard"
              onClick={() => {
                close();
                shortcutsShown.value = true;
              }}
            >
              Keyboard shortcuts
            </Button>
            <Button kind="quiet" icon="logout" onClick={() => endSession("You have logged out.")}>
              Log out
            </Button>
          </div>
        </div>
      )}
    </Menu>
  );
}

function IdleWarning() {
  if (leavesIn.value === undefined) return null;
  return (
    <Dialog title="Are you still here?" onClose={stay}>
      <div class="stack">
        <p role="alert">Nobody has used this page for a while. You will be logged out in {leavesIn.value} seconds.</p>
        <div class="row end">
          <Button onClick={() => endSession("You have logged out.")}>Log out</Button>
          <Button kind="primary" onClick={stay}>
            Stay logged in
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
