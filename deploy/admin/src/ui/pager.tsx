import type { ComponentChildren } from "preact";

import { Button } from "./button.tsx";

/** Back and forth through the pages of a list. */
export function Pager({
  what,
  page,
  hasNext,
  onPrevious,
  onNext,
  children,
}: {
  what: string;
  page: number;
  hasNext: boolean;
  onPrevious: (() => void) | undefined;
  onNext: () => void;
  children?: ComponentChildren;
}) {
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <p class="muted">{children}</p>
      <div class="row end grow">
        <span class="muted small">Page {page}</span>
        <Button icon="left" disabled={onPrevious === undefined} onClick={() => onPrevious?.()}>
          Previous
        </Button>
        <Button disabled={!hasNext} onClick={onNext}>
          Next
        </Button>
      </div>
    </nav>
  );
}
