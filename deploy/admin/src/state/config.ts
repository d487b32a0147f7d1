/** The operator's optional settings of this page: `config.json` beside it. */

import { signal } from "@preact/signals";

export interface Config {
  grafana_url?: string;
  docs_url?: string;
}

export const config = signal<Config>({});

/** Reads the settings. A missing or broken file means none. */
export async function loadConfig(): Promise<void> {
  try {
    const response = await fetch("config.json", { credentials: "omit" });
    if (response.ok) config.value = links((await response.json()) as Record<string, unknown>);
  } catch {
    // The page works without.
  }
}

/** Keeps the entries that are links: an address of http or https, or a path of this host. */
export function links(read: Record<string, unknown>): Config {
  const found: Config = {};
  for (const key of ["grafana_url", "docs_url"] as const) {
    const value = read[key];
    if (typeof value === "string" && /^(https?:\/\/|\/(?!\/))/.test(value)) found[key] = value;
  }
  return found;
}
