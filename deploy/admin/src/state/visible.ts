/** Whether the tab is visible. A hidden tab makes no call and holds no stream. */

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export const visible = signal(!document.hidden);
document.addEventListener("visibilitychange", () => {
  visible.value = !document.hidden;
});

/** The time, for texts such as "3 min ago". It stands still while the tab is hidden. */
export const now = signal(new Date());

/** The milliseconds of this moment. What is rendered with it is rendered again with `now`. */
export function present(): number {
  return Math.max(now.value.getTime(), Date.now());
}

const TICK_MILLIS = 5000;

/** Calls `action` now, and every `millis` while the tab is visible. Starts anew when `key` changes. */
export function useEvery(millis: number, key: string, action: () => void): void {
  const latest = useRef(action);
  latest.current = action;
  const shown = visible.value;
  useEffect(() => {
    if (!shown) return undefined;
    latest.current();
    const timer = setInterval(() => latest.current(), millis);
    return () => clearInterval(timer);
  }, [millis, key, shown]);
}

/** Keeps `now` current. Used once. */
export function useClock(): void {
  useEvery(TICK_MILLIS, "", () => {
    now.value = new Date();
  });
}
