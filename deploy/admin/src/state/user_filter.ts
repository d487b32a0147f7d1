/** Which users a list shows, as it stands in the address. */

import { parseTime } from "../lib/time.ts";

export interface UserFilter {
  by: "email" | "name";
  prefix: string;
  active: boolean | undefined;
  superuser: boolean | undefined;
  from: Date | undefined;
  to: Date | undefined;
  oldestFirst: boolean;
}

const YES_NO: Record<string, boolean> = { yes: true, no: false };

function word(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? "yes" : "no";
}

export function readUserFilter(query: URLSearchParams): UserFilter {
  return {
    by: query.get("by") === "name" ? "name" : "email",
    prefix: query.get("prefix") ?? "",
    active: YES_NO[query.get("active") ?? ""],
    superuser: YES_NO[query.get("superuser") ?? ""],
    from: parseTime(query.get("from")),
    to: parseTime(query.get("to")),
    oldestFirst: query.get("order") === "oldest",
  };
}

export function writeUserFilter(filter: UserFilter): Record<string, string | undefined> {
  return {
    by: filter.by === "name" ? "name" : undefined,
    prefix: filter.prefix || undefined,
    active: word(filter.active),
    superuser: word(filter.superuser),
    from: filter.from?.toISOString(),
    to: filter.to?.toISOString(),
    order: filter.oldestFirst ? "oldest" : undefined,
  };
}
