/** Users by id, for the lists that show their emails: each is asked for once in a session, many in one call. */

import { signal } from "@preact/signals";

import type { User } from "../../stubs/vibestack/user/v1/user_pb.js";
import { users } from "./client.ts";
import { me, sessionSignal } from "./session.ts";

const known = signal<ReadonlyMap<string, User | "missing">>(new Map());
const asked = new Set<string>();

me.subscribe((user) => {
  if (user !== undefined) return;
  known.value = new Map();
  asked.clear();
});

/** The user, if it is known by now: "missing" if there is none. Re-renders the component when the answer comes. */
export function knownUser(id: string): User | "missing" | undefined {
  return known.value.get(id);
}

/** Keeps a user that another call returned. */
export function learn(user: User): void {
  asked.add(user.id);
  known.value = new Map(known.value).set(user.id, user);
}

/** Asks for the users that are not known yet, up to 1,000. */
export async function lookUp(ids: Iterable<string>): Promise<void> {
  const wanted = [...new Set(ids)].filter((id) => id !== "" && !asked.has(id)).slice(0, 1000);
  if (wanted.length === 0) return;
  for (const id of wanted) asked.add(id);
  try {
    const response = await users.batchGetUsers({ ids: wanted }, { signal: sessionSignal() });
    const next = new Map(known.value);
    for (const user of response.users) next.set(user.id, user);
    for (const id of response.missingIds) next.set(id, "missing");
    known.value = next;
  } catch {
    for (const id of wanted) asked.delete(id); // the lists show the ids until a later call succeeds
  }
}
