import type { Failure } from "../api/errors.ts";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy.tsx";
import { Icon } from "./icon.tsx";

/** What failed, why, and the id under which the logs have it. `shownFields` have their messages beside themselves. */
export function FailureBox({
  failure,
  onRetry,
  shownFields = [],
}: {
  failure: Failure;
  onRetry?: () => void;
  shownFields?: string[];
}) {
  const others = Object.entries(failure.fields).filter(([field]) => !shownFields.includes(field));
  const atFields = Object.keys(failure.fields).length > others.length;
  return (
    <div class="notice failed" role="alert">
      <Icon name="warning" />
      <div class="stack tight">
        <p>{atFields ? "Some fields need a change; see the messages beside them." : failure.message}</p>
        {others.length > 0 && (
          <ul>
            {others.map(([field, text]) => (
              <li key={field}>
                <code>{field}</code>: {text}
              </li>
            ))}
          </ul>
        )}
        {(failure.reason !== "" || failure.requestId !== "") && (
          <p class="small muted wrap">
            {failure.reason !== "" && <code>{failure.reason}</code>}
            {failure.requestId !== "" && (
              <>
                {" "}
                · request <code>{failure.requestId}</code> <CopyButton text={failure.requestId} what="request id" />
              </>
            )}
          </p>
        )}
        {onRetry && (
          <div>
            <Button icon="retry" onClick={onRetry}>
              Try again
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}
