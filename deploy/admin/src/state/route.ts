/** Hash routes: `#/jobs/ID?status=failed`. The hash never reaches a server. */

import { signal } from "@preact/signals";

export interface Route {
  /** The parts of the path: ["jobs", "ID"]. */
  path: string[];
  query: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s, 2);
  return {
    path: path
      .split("/")
      .filter((part) => part !== "")
      .map(decode),
    query: new URLSearchParams(query),
  };
}

/** The hash of a page. Entries without a value are left out. */
export function href(path: string[], query: Record<string, string | undefined> = {}): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "");
  const text = new URLSearchParams(entries).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = signal<Route>({ path: [], query: new URLSearchParams() });

/** Follows the address bar. Called once. */
export function startRoutes(): void {
  const read = (): void => {
    route.value = parseRoute(location.hash);
  };
  addEventListener("hashchange", read);
  read();
}

export function go(hash: string): void {
  location.hash = hash;
}

/** Like go, but Back does not return to the present address. */
export function replace(hash: string): void {
  history.replaceState(null, "", hash);
  route.value = parseRoute(hash);
}
