import { create } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";

import { type User, UserSchema } from "../../../stubs/vibestack/user/v1/user_pb.js";
import { users } from "../../api/client.ts";
import { me } from "../../api/session.ts";
import { useAction } from "../../state/load.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/button.tsx";
import { FailureBox } from "../../ui/failure.tsx";
import { TextArea, TextField } from "../../ui/field.tsx";

/** Edits email, name and biography. The reader's own email needs the password. */
export function EditUser({ user, own, onSaved }: { user: User; own: boolean; onSaved: (user: User) => void }) {
  const [email, setEmail] = useState(user.email);
  const [name, setName] = useState(user.fullName ?? "");
  const [bio, setBio] = useState(user.bio ?? "");
  const [password, setPassword] = useState("");
  const paths = [
    ...(email === user.email ? [] : ["email"]),
    ...(name === (user.fullName ?? "") ? [] : ["full_name"]),
    ...(bio === (user.bio ?? "") ? [] : ["bio"]),
  ];
  const save = useAction(async () => {
    // What is empty is cleared: the mask names it, and the user does not have it.
    const next = create(UserSchema, { id: user.id, email, ...(name !== "" && { fullName: name }), ...(bio !== "" && { bio }) });
    const saved = await users.updateUser({
      user: next,
      updateMask: { paths },
      currentPassword: own && paths.includes("email") ? password : "",
    });
    toast("done", `Saved the account of ${saved.email}.`);
    if (own) me.value = saved;
    onSaved(saved);
  });
  const fields = save.failure?.fields ?? {};
  const taken = save.failure?.reason === "EMAIL_TAKEN" ? save.failure.message : undefined;
  const wrong = save.failure?.reason === "INVALID_CREDENTIALS" ? "The password is wrong." : undefined;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      <TextField
        label="Email"
        type="email"
        autocomplete="off"
        required
        value={email}
        onInput={setEmail}
        error={fields["user.email"] ?? fields["email"] ?? taken}
      />
      <TextField
        label="Full name"
        autocomplete="off"
        value={name}
        onInput={setName}
        error={fields["user.full_name"] ?? fields["full_name"]}
      />
      <TextArea label="Biography" rows={4} value={bio} onInput={setBio} error={fields["user.bio"] ?? fields["bio"]} />
      {own && paths.includes("email") && (
        <TextField
          label="Your password"
          type="password"
          autocomplete="current-password"
          required
          value={password}
          onInput={setPassword}
          error={fields["current_password"] ?? wrong}
          hint="A change of your own email needs it."
        />
      )}
      {save.failure && taken === undefined && wrong === undefined && (
        <FailureBox
          failure={save.failure}
          shownFields={["user.email", "email", "user.full_name", "full_name", "user.bio", "bio", "current_password"]}
        />
      )}
      <div class="row end">
        <Button type="submit" kind="primary" busy={save.busy} disabled={paths.length === 0}>
          Save
        </Button>
      </div>
    </form>
  );
}
