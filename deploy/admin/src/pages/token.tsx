import { useState } from "preact/hooks";

import type { IntrospectTokenResponse } from "../../stubs/vibestack/user/v1/auth_service_pb.js";
import { auth } from "../api/client.ts";
import { isUuid } from "../lib/text.ts";
import { exactTime, relative } from "../lib/time.ts";
import { useAction } from "../state/load.ts";
import { preferences } from "../state/preferences.ts";
import { href } from "../state/route.ts";
import { now } from "../state/visible.ts";
import { Button } from "../ui/button.tsx";
import { FailureBox } from "../ui/failure.tsx";
import { TextArea } from "../ui/field.tsx";
import { Icon } from "../ui/icon.tsx";
import { Fact, Facts, Foreign, PageHead, Section } from "../ui/parts.tsx";

export function TokenPage() {
  const [token, setToken] = useState("");
  const [answer, setAnswer] = useState<IntrospectTokenResponse | undefined>();
  const ask = useAction(async () => {
    setAnswer(undefined);
    setAnswer(await auth.introspectToken({ token: token.trim().replace(/^bearer\s+/i, "") }));
  });
  return (
    <>
      <PageHead title="Token inspector" />
      <div class="columns even">
        <Section title="Token">
          <form
            class="stack"
            onSubmit={(event) => {
              event.preventDefault();
              void ask.run();
            }}
          >
            <TextArea
              code
              rows={8}
              label="Paste a token"
              value={token}
              onInput={(text) => {
                setToken(text);
                setAnswer(undefined);
              }}
              error={ask.failure?.fields["token"]}
              hint="A token of any kind. This page sends it to IntrospectToken of user_service and nowhere else, and keeps it only while this page is open."
            />
            {ask.failure && <FailureBox failure={ask.failure} shownFields={["token"]} />}
            <div class="row end">
              <Button
                onClick={() => {
                  setToken("");
                  setAnswer(undefined);
                  ask.clear();
                }}
              >
                Clear
              </Button>
              <Button type="submit" kind="primary" busy={ask.busy} disabled={token.trim() === ""}>
                Inspect
              </Button>
            </div>
          </form>
        </Section>
        <Section title="What it is">
          <div role="status">
            {answer ? (
              <Answer answer={answer} />
            ) : (
              <p class="muted">
                Paste a token to see its kind, its subject and its times, and whether the services would take it now.
              </p>
            )}
          </div>
        </Section>
      </div>
    </>
  );
}

function Answer({ answer }: { answer: IntrospectTokenResponse }) {
  if (!answer.active) {
    return (
      <div class="notice failed">
        <Icon name="close" />
        <div class="stack tight">
          <p>
            <strong>Not valid: no service takes this token.</strong>
          </p>
          <p class="muted">
            It is expired, forged, or no token at all; or its account is inactive, erased, or has another password now. The service
            does not say which.
          </p>
        </div>
      </div>
    );
  }
  return (
    <div class="stack">
      <div class="notice done">
        <Icon name="check" />
        <p>
          <strong>Valid: the services take this token now.</strong>
        </p>
      </div>
      <Facts>
        <Fact name="Kind">
          {answer.purpose ?? "–"}
          {answer.tokenType && <span class="muted"> ({answer.tokenType})</span>}
        </Fact>
        <Fact name="Subject">
          <Subject answer={answer} />
        </Fact>
        {answer.username && (
          <Fact name="Email">
            <Foreign>{answer.username}</Foreign>
          </Fact>
        )}
        <Fact name="Issued">
          <Seconds value={answer.iat} />
        </Fact>
        <Fact name="Expires">
          <Seconds value={answer.exp} />
        </Fact>
        {answer.authTime !== undefined && (
          <Fact name="Logged in">
            <Seconds value={answer.authTime} />
          </Fact>
        )}
        <Fact name="Issuer">{answer.iss ?? "–"}</Fact>
        <Fact name="Audience">{answer.aud ?? "–"}</Fact>
        <Fact name="Token id">
          <code class="break">{answer.jti ?? "–"}</code>
        </Fact>
      </Facts>
    </div>
  );
}

function Subject({ answer }: { answer: IntrospectTokenResponse }) {
  const subject = answer.sub ?? "–";
  if (!isUuid(subject)) return <Foreign>{subject}</Foreign>;
  return (
    <a href={href([answer.purpose === "callback" ? "jobs" : "users", subject])}>
      <code class="break">{subject}</code>
    </a>
  );
}

function Seconds({ value }: { value: bigint | undefined }) {
  if (value === undefined) return <span class="muted">–</span>;
  const time = new Date(Number(value) * 1000);
  return (
    <time class="time" dateTime={time.toISOString()}>
      {exactTime(time, preferences.value.zone)} <span class="muted">({relative(time, now.value)})</span>
    </time>
  );
}
