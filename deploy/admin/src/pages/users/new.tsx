import { useState } from "preact/hooks";

import { users } from "../../api/client.ts";
import { newUuid } from "../../lib/text.ts";
import { useAction } from "../../state/load.ts";
import { go, href } from "../../state/route.ts";
import { toast } from "../../state/toasts.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { FailureBox } from "../../ui/failure.tsx";
import { CheckField, TextArea, TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/parts.tsx";

export function NewUserPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [name, setName] = useState("");
  const [bio, setBio] = useState("");
  const [isActive, setActive] = useState(true);
  const [isSuperuser, setSuperuser] = useState(false);
  const [id] = useState(newUuid);
  const save = useAction(async () => {
    const user = await users.createUser({
      id,
      email,
      password,
      isActive,
      isSuperuser,
      ...(name !== "" && { fullName: name }),
      ...(bio !== "" && { bio }),
    });
    toast("done", `Created ${user.email}.`);
    go(href(["users", user.id]));
  });
  const fields = save.failure?.fields ?? {};
  const taken = save.failure?.reason === "EMAIL_TAKEN" ? save.failure.message : undefined;
  return (
    <>
      <PageHead title="New user" />
      <form
        class="card form stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <TextField
          first
          label="Email"
          type="email"
          autocomplete="off"
          required
          value={email}
          onInput={setEmail}
          error={fields["email"] ?? taken}
        />
        <TextField
          label="Password"
          type="password"
          autocomplete="new-password"
          required
          value={password}
          onInput={setPassword}
          error={fields["password"]}
          hint="8 to 72 bytes. The user can change it, or ask for a reset mail."
        />
        <TextField
          label="Full name"
          autocomplete="off"
          value={name}
          onInput={setName}
          error={fields["full_name"]}
          hint="Optional."
        />
        <TextArea label="Biography" rows={3} value={bio} onInput={setBio} error={fields["bio"]} hint="Optional." />
        <CheckField label="Active" hint="The user can log in at once." checked={isActive} onChange={setActive} />
        <CheckField
          label="Superuser"
          hint="The user can open this page and change every account and job."
          checked={isSuperuser}
          onChange={setSuperuser}
        />
        {save.failure && taken === undefined && (
          <FailureBox failure={save.failure} shownFields={["email", "password", "full_name", "bio"]} />
        )}
        <div class="row end">
          <ButtonLink href={href(["users"])}>Back to the users</ButtonLink>
          <Button type="submit" kind="primary" busy={save.busy}>
            Create user
          </Button>
        </div>
      </form>
    </>
  );
}
