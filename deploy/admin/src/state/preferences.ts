/** What the reader chose about how things look. Local storage keeps it; it holds nothing secret. */

import { effect, signal } from "@preact/signals";

import type { Zone } from "../lib/time.ts";

export type Theme = "auto" | "light" | "dark";

interface Preferences {
  theme: Theme;
  zone: Zone;
  shortcuts: boolean;
  jobColumns: string[];
}

const KEY = "vibestack-admin-preferences";
const DEFAULTS: Preferences = {
  theme: "auto",
  zone: "local",
  shortcuts: true,
  jobColumns: ["workflow", "job", "owner", "created", "updated"],
};

function stored(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return DEFAULTS; // storage is off, or holds something else
  }
}

export const preferences = signal<Preferences>(stored());

export function prefer(change: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.value));
  } catch {
    // Storage is off: the choice lasts until the page is closed.
  }
}

/** Applies the theme. Called once. */
export function startTheme(): void {
  effect(() => {
    document.documentElement.dataset["theme"] = preferences.value.theme;
  });
}
