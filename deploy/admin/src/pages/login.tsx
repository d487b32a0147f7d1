import { useEffect, useState } from "preact/hooks";

import { auth, users } from "../api/client.ts";
import { endSession, endedBecause, keepTokens, me } from "../api/session.ts";
import { useAction } from "../state/load.ts";
import { Button } from "../ui/button.tsx";
import { FailureBox } from "../ui/failure.tsx";
import { TextField } from "../ui/field.tsx";
import { Icon } from "../ui/icon.tsx";

export function LoginPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  useEffect(() => {
    document.title = "Log in · Vibe-Stack admin";
  }, []);
  const logIn = useAction(async () => {
    keepTokens(await auth.login({ email, password }));
    setPassword("");
    const user = await users.getUser({ id: "me" }).catch((error: unknown) => {
      endSession("");
      throw error;
    });
    if (!user.isSuperuser) {
      endSession("");
      throw new Error(`This page is for superusers. ${user.email} is a plain user; a superuser can change that on the user's page`);
    }
    endedBecause.value = "";
    me.value = user;
  });
  return (
    <main class="login">
      <form
        class="card stack"
        onSubmit={(event) => {
          event.preventDefault();
          void logIn.run();
        }}
      >
        <div class="brand">
          <Logo /> Vibe-Stack <span class="muted">admin</span>
        </div>
        <h1>Log in</h1>
        {endedBecause.value !== "" && logIn.failure === undefined && (
          <div class="notice" role="alert">
            <Icon name="warning" />
            <p>{endedBecause.value}</p>
          </div>
        )}
        <TextField
          first
          label="Email"
          type="email"
          autocomplete="username"
          required
          value={email}
          onInput={setEmail}
          error={logIn.failure?.fields["email"]}
        />
        <TextField
          label="Password"
          type="password"
          autocomplete="current-password"
          required
          value={password}
          onInput={setPassword}
          error={logIn.failure?.fields["password"]}
        />
        {logIn.failure && <FailureBox failure={logIn.failure} shownFields={["email", "password"]} />}
        <Button type="submit" kind="primary" busy={logIn.busy}>
          {logIn.busy ? "Logging in…" : "Log in"}
        </Button>
        <p class="small muted">
          For superusers. This tab keeps the session in memory only: reloading the page, closing it, or half an hour without a key
          or click ends it.
        </p>
      </form>
    </main>
  );
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M8 10l8 14 8-14" />
    </svg>
  );
}
