import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { useEffect, useRef, useState } from "preact/hooks";

import type { User } from "../../../stubs/vibestack/user/v1/user_pb.js";
import { users } from "../../api/client.ts";
import type { Page } from "../../api/jobs.ts";
import { plural } from "../../lib/text.ts";
import { briefTime } from "../../lib/time.ts";
import { useLoad } from "../../state/load.ts";
import { pageNumber, previousPage, rememberPage } from "../../state/pages.ts";
import { preferences } from "../../state/preferences.ts";
import { go, href, replace, route } from "../../state/route.ts";
import { type UserFilter, readUserFilter, writeUserFilter } from "../../state/user_filter.ts";
import { now } from "../../state/visible.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { FailureBox } from "../../ui/failure.tsx";
import { Choice, Field } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Pager } from "../../ui/pager.tsx";
import { Badge, Empty, Foreign, PageHead, SkeletonRows } from "../../ui/parts.tsx";
import { useShortcuts } from "../../ui/shortcuts.tsx";
import { Time } from "../../ui/time.tsx";
import { TimeFilter } from "../../ui/time_filter.tsx";

const PAGE_USERS = 50;
const TYPING_MILLIS = 250;

async function listUsers(filter: UserFilter, pageToken: string, signal: AbortSignal): Promise<Page<User>> {
  const response = await users.listUsers(
    {
      pageSize: PAGE_USERS,
      pageToken,
      emailPrefix: filter.by === "email" ? filter.prefix : "",
      fullNamePrefix: filter.by === "name" ? filter.prefix : "",
      ...(filter.active !== undefined && { isActive: filter.active }),
      ...(filter.superuser !== undefined && { isSuperuser: filter.superuser }),
      ...(filter.from && { createdAfter: timestampFromDate(filter.from) }),
      ...(filter.to && { createdBefore: timestampFromDate(filter.to) }),
      oldestFirst: filter.oldestFirst,
    },
    { signal },
  );
  return {
    rows: response.users,
    nextToken: response.nextPageToken,
    continuesAt: response.continuesAt && timestampDate(response.continuesAt),
  };
}

export function UsersPage() {
  const query = route.value.query;
  const filter = readUserFilter(query);
  const token = query.get("page") ?? "";
  const address = JSON.stringify(writeUserFilter(filter));
  const page = useLoad(`users ${address} ${token}`, (signal) => listUsers(filter, token, signal));
  const next = page.data?.nextToken ?? "";
  const turn = (to: string): void => go(href(["users"], { ...writeUserFilter(filter), page: to }));
  const onNext = (): void => {
    rememberPage(next, token);
    turn(next);
  };
  const brief = page.data?.continuesAt && briefTime(page.data.continuesAt, now.value, preferences.value.zone);
  return (
    <>
      <PageHead title="Users">
        <ButtonLink kind="primary" icon="plus" href={href(["users", "new"])}>
          New user
        </ButtonLink>
      </PageHead>
      <Filters filter={filter} />
      {page.failure && <FailureBox failure={page.failure} onRetry={page.reload} />}
      {(page.data === undefined ? page.failure === undefined : page.data.rows.length > 0) && <UserTable rows={page.data?.rows} />}
      {page.data?.rows.length === 0 &&
        (brief !== undefined ? (
          <Empty icon="search" title={`No match yet: looked ${filter.oldestFirst ? "ahead" : "back"} to ${brief}`}>
            <p>One search reads some thousand accounts, so that it stays fast.</p>
            <Button kind="primary" onClick={onNext}>
              Go on from there
            </Button>
          </Empty>
        ) : (
          <Empty icon="users" title="No users match">
            <ButtonLink href={href(["users"])}>Show all users</ButtonLink>
          </Empty>
        ))}
      {page.data && (page.data.rows.length > 0 || token !== "") && (
        <Pager
          what="users"
          page={pageNumber(token)}
          hasNext={next !== ""}
          onPrevious={token === "" ? undefined : () => turn(previousPage(token))}
          onNext={onNext}
        >
          {plural(page.data.rows.length, "user")} on this page
          {next !== "" && page.data.rows.length < PAGE_USERS && brief && (
            <>
              : looked {filter.oldestFirst ? "ahead" : "back"} to {brief}. Next goes on.
            </>
          )}
        </Pager>
      )}
    </>
  );
}

type YesNo = "" | "yes" | "no";

function Filters({ filter }: { filter: UserFilter }) {
  const [prefix, setPrefix] = useState(filter.prefix);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const show = (change: Partial<UserFilter>): void => go(href(["users"], writeUserFilter({ ...filter, ...change })));
  useEffect(() => setPrefix(filter.prefix), [filter.prefix]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const type = (text: string): void => {
    setPrefix(text);
    clearTimeout(timer.current);
    // While somebody types, Back does not go through each letter.
    timer.current = setTimeout(() => replace(href(["users"], writeUserFilter({ ...filter, prefix: text }))), TYPING_MILLIS);
  };
  return (
    <div class="filters" role="search" aria-label="Filter users">
      <Choice
        label="Search by"
        value={filter.by}
        options={[
          ["email", "Email"],
          ["name", "Name"],
        ]}
        onChange={(by) => show({ by })}
      />
      <div class="filter">
        <Field label={filter.by === "email" ? "Email starts with" : "Name starts with"}>
          {(attributes) => (
            <input
              {...attributes}
              type="search"
              value={prefix}
              placeholder={filter.by === "email" ? "Any email" : "Any name"}
              spellcheck={false}
              autocomplete="off"
              autocapitalize="off"
              dir="auto"
              onInput={(event) => type(event.currentTarget.value)}
            />
          )}
        </Field>
      </div>
      <YesNoFilter label="Active" value={filter.active} yes="Active" no="Inactive" onChange={(active) => show({ active })} />
      <YesNoFilter
        label="Role"
        value={filter.superuser}
        yes="Superusers"
        no="Plain users"
        onChange={(superuser) => show({ superuser })}
      />
      <TimeFilter range={filter} onChange={show} />
      <Button icon="arrows" onClick={() => show({ oldestFirst: !filter.oldestFirst })}>
        {filter.oldestFirst ? "Oldest first" : "Newest first"}
      </Button>
    </div>
  );
}

function YesNoFilter({
  label,
  value,
  yes,
  no,
  onChange,
}: {
  label: string;
  value: boolean | undefined;
  yes: string;
  no: string;
  onChange: (value: boolean | undefined) => void;
}) {
  const chosen: YesNo = value === undefined ? "" : value ? "yes" : "no";
  return (
    <Choice<YesNo>
      label={label}
      value={chosen}
      options={[
        ["", "All"],
        ["yes", yes],
        ["no", no],
      ]}
      onChange={(one) => onChange(one === "" ? undefined : one === "yes")}
    />
  );
}

function UserTable({ rows }: { rows: User[] | undefined }) {
  const table = useRef<HTMLTableElement>(null);
  const move = (step: number): void => {
    const links = [...(table.current?.querySelectorAll<HTMLElement>("a.row-link") ?? [])];
    const at = links.findIndex((link) => link === document.activeElement);
    links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
  };
  useShortcuts({ j: () => move(1), k: () => move(-1) });
  return (
    <div class="table-box">
      <table ref={table} class="list people" role="table" aria-busy={rows === undefined}>
        <caption class="hidden">Users</caption>
        <thead role="rowgroup">
          <tr role="row">
            {["Email", "Name", "State", "Created", "Changed"].map((title) => (
              <th key={title} role="columnheader" scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows === undefined && <SkeletonRows rows={12} columns={5} />}
          {rows?.map((user) => (
            <tr key={user.id} role="row">
              <td role="cell" data-title="Email">
                <a class="row-link" href={href(["users", user.id])}>
                  <Foreign>{user.email}</Foreign>
                </a>
              </td>
              <td role="cell" data-title="Name">
                {user.fullName === undefined ? <span class="muted">–</span> : <Foreign>{user.fullName}</Foreign>}
              </td>
              <td role="cell" data-title="State">
                <UserBadges user={user} />
              </td>
              <td role="cell" data-title="Created">
                <Time value={user.createdAt} />
              </td>
              <td role="cell" data-title="Changed">
                <Time value={user.updatedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function UserBadges({ user }: { user: User }) {
  return (
    <span class="row wrap">
      {user.isActive ? (
        <span class="status completed">
          <Icon name="check" />
          Active
        </span>
      ) : (
        <span class="status failed">
          <Icon name="ban" />
          Inactive
        </span>
      )}
      {user.isSuperuser && <Badge kind="accent">Superuser</Badge>}
    </span>
  );
}
