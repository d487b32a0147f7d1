import { knownUser } from "../api/directory.ts";
import { shortId } from "../lib/text.ts";
import { href } from "../state/route.ts";
import { Foreign } from "./parts.tsx";

/** A link to the user with this id: by email when it is known. */
export function UserLink({ id }: { id: string }) {
  if (id === "") return <span class="muted">nobody</span>;
  const user = knownUser(id);
  if (user === "missing")
    return (
      <span class="muted" title={id}>
        {shortId(id)} (erased)
      </span>
    );
  return (
    <a href={href(["users", id])} title={id}>
      {user === undefined ? <code>{shortId(id)}</code> : <Foreign>{user.email}</Foreign>}
    </a>
  );
}
