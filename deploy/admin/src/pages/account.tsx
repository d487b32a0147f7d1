import { useState } from "preact/hooks";

import { auth, users } from "../api/client.ts";
import { keepTokens, me } from "../api/session.ts";
import { useAction, useLoad } from "../state/load.ts";
import { href } from "../state/route.ts";
import { toast } from "../state/toasts.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { FailureBox } from "../ui/failure.tsx";
import { TextField } from "../ui/field.tsx";
import { PageHead, Section, Skeleton } from "../ui/parts.tsx";
import { EditUser } from "./users/edit.tsx";

export function AccountPage() {
  const loaded = useLoad("me", (signal) => users.getUser({ id: "me" }, { signal }));
  return (
    <>
      <PageHead title="My account">
        {me.value && <ButtonLink href={href(["users", me.value.id])}>Open my user page</ButtonLink>}
      </PageHead>
      {loaded.failure && <FailureBox failure={loaded.failure} onRetry={loaded.reload} />}
      <div class="columns even">
        <Section title="Account">
          {loaded.data ? (
            <EditUser key={String(loaded.data.updatedAt?.nanos)} user={loaded.data} own onSaved={loaded.set} />
          ) : (
            <Skeleton lines={6} />
          )}
        </Section>
        <Section title="Password">
          <ChangePassword />
        </Section>
      </div>
    </>
  );
}

function ChangePassword() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [repeated, setRepeated] = useState("");
  const differs = repeated !== "" && repeated !== next;
  const change = useAction(async () => {
    keepTokens(await auth.changePassword({ currentPassword: current, newPassword: next }));
    for (const clear of [setCurrent, setNext, setRepeated]) clear("");
    toast("done", "Changed your password. All your other sessions have ended.");
  });
  const fields = change.failure?.fields ?? {};
  const wrong = change.failure?.reason === "INVALID_CREDENTIALS" ? "The password is wrong." : undefined;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!differs) void change.run();
      }}
    >
      {/* For password managers: whose password it is. */}
      <input type="text" autocomplete="username" value={me.value?.email} readOnly hidden />
      <TextField
        label="Current password"
        type="password"
        autocomplete="current-password"
        required
        value={current}
        onInput={setCurrent}
        error={fields["current_password"] ?? wrong}
      />
      <TextField
        label="New password"
        type="password"
        autocomplete="new-password"
        required
        value={next}
        onInput={setNext}
        error={fields["new_password"]}
        hint="8 to 72 bytes. The change ends all other sessions of this account."
      />
      <TextField
        label="New password again"
        type="password"
        autocomplete="new-password"
        required
        value={repeated}
        onInput={setRepeated}
        error={differs ? "The two passwords differ." : undefined}
      />
      {change.failure && wrong === undefined && (
        <FailureBox failure={change.failure} shownFields={["current_password", "new_password"]} />
      )}
      <div class="row end">
        <Button type="submit" kind="primary" busy={change.busy} disabled={differs}>
          Change password
        </Button>
      </div>
    </form>
  );
}
