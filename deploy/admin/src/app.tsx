import type { ComponentChildren } from "preact";

import { me } from "./api/session.ts";
import { AccountPage } from "./pages/account.tsx";
import { JobPage } from "./pages/job/index.tsx";
import { JobsPage } from "./pages/jobs/index.tsx";
import { LoginPage } from "./pages/login.tsx";
import { NewJobPage } from "./pages/new_job.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { TokenPage } from "./pages/token.tsx";
import { UsersPage } from "./pages/users/index.tsx";
import { NewUserPage } from "./pages/users/new.tsx";
import { UserPage } from "./pages/users/user.tsx";
import { href, route } from "./state/route.ts";
import { useClock } from "./state/visible.ts";
import { ButtonLink } from "./ui/button.tsx";
import { Empty, PageHead } from "./ui/parts.tsx";
import { Shell } from "./ui/shell.tsx";
import { Toasts } from "./ui/toasts.tsx";

export function App() {
  useClock();
  return (
    <>
      {me.value === undefined ? (
        <LoginPage />
      ) : (
        <Shell>
          <Page />
        </Shell>
      )}
      <Toasts />
    </>
  );
}

/** The page of the address. The log-in page keeps the address, so that the reader comes back to it. */
function Page(): ComponentChildren {
  const [first = "", second, ...more] = route.value.path;
  if (more.length > 0) return <UnknownPage />;
  if (second !== undefined) {
    if (first === "jobs") return second === "new" ? <NewJobPage key={location.hash} /> : <JobPage key={second} id={second} />;
    if (first === "users") return second === "new" ? <NewUserPage /> : <UserPage key={second} id={second} />;
    return <UnknownPage />;
  }
  switch (first) {
    case "":
      return <OverviewPage />;
    case "jobs":
      return <JobsPage />;
    case "users":
      return <UsersPage />;
    case "token":
      return <TokenPage />;
    case "account":
      return <AccountPage />;
    default:
      return <UnknownPage />;
  }
}

function UnknownPage() {
  return (
    <>
      <PageHead title="No such page" />
      <Empty icon="search" title="There is no page at this address">
        <ButtonLink href={href([])}>Go to the overview</ButtonLink>
      </Empty>
    </>
  );
}
