/** Logs out when the reader has gone: after half an hour without a key, a click or a movement, with a warning before. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { endSession } from "../api/session.ts";

const IDLE_MILLIS = 30 * 60_000;
const WARNING_MILLIS = 2 * 60_000;
const CHECK_MILLIS = 5000;

/** The seconds until the log-out, once the warning is due. */
export const leavesIn = signal<number | undefined>(undefined);

let active = Date.now();

export function stay(): void {
  active = Date.now();
  leavesIn.value = undefined;
}

/** Used once, while somebody is logged in. */
export function useIdleLogout(): void {
  useEffect(() => {
    stay();
    const move = (): void => {
      // While the warning is shown, only its button counts: a mouse that is nudged is no reader.
      if (leavesIn.value === undefined) active = Date.now();
    };
    const check = (): void => {
      const left = active + IDLE_MILLIS - Date.now();
      if (left <= 0) endSession("Nobody used the page for half an hour, so you have been logged out.");
      else if (left <= WARNING_MILLIS) leavesIn.value = Math.ceil(left / 1000);
    };
    const events = ["pointerdown", "pointermove", "keydown", "wheel"] as const;
    for (const event of events) addEventListener(event, move, { passive: true });
    const timer = setInterval(check, CHECK_MILLIS);
    return () => {
      for (const event of events) removeEventListener(event, move);
      clearInterval(timer);
      leavesIn.value = undefined;
    };
  }, []);
}
