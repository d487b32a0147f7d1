import { create } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";

import { type User, UserSchema } from "../../../stubs/vibestack/user/v1/user_pb.js";
import { auth, users } from "../../api/client.ts";
import { me } from "../../api/session.ts";
import { plural } from "../../lib/text.ts";
import { type Action, useAction } from "../../state/load.ts";
import { go, href } from "../../state/route.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { Menu } from "../../ui/menu.tsx";
import { ExportDialog } from "./export.tsx";

type Asked = "ban" | "restore" | "promote" | "demote" | "reset" | "export" | "purge";

/** What can be done with an account. */
export function UserActions({ user, onChanged }: { user: User; onChanged: (user: User) => void }) {
  const [asked, setAsked] = useState<Asked | undefined>();
  const [typed, setTyped] = useState("");
  const own = user.id === me.value?.id;

  const setSuperuser = async (isSuperuser: boolean): Promise<User> => {
    const next = create(UserSchema, { id: user.id, isSuperuser });
    return users.updateUser({ user: next, updateMask: { paths: ["is_superuser"] } });
  };
  const finish = (changed: User, said: string): void => {
    toast("done", said);
    onChanged(changed);
  };
  const ban = useAction(async () =>
    finish(await users.deleteUser({ id: user.id }), `Banned ${user.email}. Every token of the account has ended.`),
  );
  const restore = useAction(async () => finish(await users.undeleteUser({ id: user.id }), `Restored ${user.email}.`));
  const promote = useAction(async () => finish(await setSuperuser(true), `${user.email} is a superuser now.`));
  const demote = useAction(async () => finish(await setSuperuser(false), `${user.email} is a plain user now.`));
  const reset = useAction(async () => {
    await auth.requestPasswordReset({ email: user.email });
    toast("done", `Asked for a reset mail to ${user.email}.`);
  });
  const purge = useAction(async () => {
    const { purgedJobs } = await users.purgeUser({ id: user.id });
    toast("done", `Erased ${user.email} and ${plural(Number(purgedJobs), "job")}.`);
    go(href(["users"]));
  });

  const close = (): void => {
    for (const action of [ban, restore, promote, demote, reset, purge]) action.clear();
    setTyped("");
    setAsked(undefined);
  };
  const dialog = (action: Action<[]>) => ({
    busy: action.busy,
    failure: action.failure,
    onClose: close,
    onConfirm: () =>
      void action.run().then((succeeded) => {
        if (succeeded) close();
      }),
  });
  const email = (
    <bdi>
      <strong>{user.email}</strong>
    </bdi>
  );
  return (
    <>
      <Button icon="mail" onClick={() => setAsked("reset")} disabled={!user.isActive}>
        Send reset mail
      </Button>
      <Button icon="download" onClick={() => setAsked("export")}>
        Export
      </Button>
      {user.isActive ? (
        <Button icon="ban" kind="danger" onClick={() => setAsked("ban")}>
          Ban
        </Button>
      ) : (
        <Button icon="retry" kind="primary" onClick={() => setAsked("restore")}>
          Restore
        </Button>
      )}
      <Menu label="More">
        {(hide) => {
          const ask = (what: Asked) => () => {
            hide();
            setAsked(what);
          };
          return (
            <div class="menu-items">
              {user.isSuperuser ? (
                <Button kind="quiet" icon="shield" onClick={ask("demote")}>
                  Make a plain user…
                </Button>
              ) : (
                <Button kind="quiet" icon="shield" onClick={ask("promote")}>
                  Make a superuser…
                </Button>
              )}
              <Button kind="danger" icon="trash" onClick={ask("purge")}>
                Erase with all jobs…
              </Button>
            </div>
          );
        }}
      </Menu>
      {asked === "export" && <ExportDialog user={user} onClose={close} />}
      {asked === "ban" && (
        <ConfirmDialog title="Ban this user?" action="Ban 1 user" danger {...dialog(ban)}>
          <p>
            {email} cannot log in any more, and every token of the account ends at once. The account and its jobs stay, and you can
            restore it.
          </p>
          {own && (
            <p>
              This is <strong>your own account</strong>: you will be logged out.
            </p>
          )}
        </ConfirmDialog>
      )}
      {asked === "restore" && (
        <ConfirmDialog title="Restore this user?" action="Restore 1 user" {...dialog(restore)}>
          <p>{email} can log in again with the same password.</p>
        </ConfirmDialog>
      )}
      {asked === "promote" && (
        <ConfirmDialog title="Make this user a superuser?" action="Make a superuser" {...dialog(promote)}>
          <p>{email} can then open this page, and read and change every account and every job.</p>
        </ConfirmDialog>
      )}
      {asked === "demote" && (
        <ConfirmDialog title="Make this user a plain user?" action="Make a plain user" danger {...dialog(demote)}>
          <p>{email} loses access to this page, and to the accounts and jobs of others, with the next call.</p>
          {own && (
            <p>
              This is <strong>your own account</strong>: you will be logged out, and only another superuser can undo it.
            </p>
          )}
        </ConfirmDialog>
      )}
      {asked === "reset" && (
        <ConfirmDialog title="Send a reset mail?" action="Send 1 mail" {...dialog(reset)}>
          <p>
            The installation mails {email} a link to set a new password. The link works once, for half an hour. The present password
            stays valid until then.
          </p>
        </ConfirmDialog>
      )}
      {asked === "purge" && (
        <ConfirmDialog
          title="Erase this user for good?"
          action="Erase 1 user and all its jobs"
          danger
          disabled={typed !== user.email}
          {...dialog(purge)}
        >
          <p>This erases {email} and all jobs of the account, with their inputs and results. It cannot be undone.</p>
          <TextField
            first
            label="Type the email to confirm"
            autocomplete="off"
            value={typed}
            onInput={setTyped}
            hint={<bdi>{user.email}</bdi>}
          />
        </ConfirmDialog>
      )}
    </>
  );
}
