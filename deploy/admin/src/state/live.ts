/**
 * What changes while the reader looks. A watch is a stream that opens again after it broke, with growing pauses; it closes when the tab
 * is hidden and when the page is left.
 */

import { useEffect, useRef, useState } from "preact/hooks";

import { isCancelled } from "../api/errors.ts";
import { sessionSignal } from "../api/session.ts";
import { visible } from "./visible.ts";

export type LiveState = "off" | "connecting" | "live" | "reconnecting";

const FIRST_PAUSE_MILLIS = 500;
const LONGEST_PAUSE_MILLIS = 15_000;

/** Reads a stream to its end. `opened` is to be called with the first message. Resolves when nothing more can come. */
export type Watch = (signal: AbortSignal, opened: () => void) => Promise<void>;

/** Runs `watch` while the tab is visible and `enabled`. Starts anew when `key` changes. */
export function useWatch(key: string, enabled: boolean, watch: Watch): LiveState {
  const [state, setState] = useState<LiveState>("off");
  const latest = useRef(watch);
  latest.current = watch;
  const wanted = enabled && visible.value;
  useEffect(() => {
    if (!wanted) {
      setState("off");
      return undefined;
    }
    const left = new AbortController();
    setState("connecting");
    void follow(AbortSignal.any([left.signal, sessionSignal()]), (signal, opened) => latest.current(signal, opened), setState);
    return () => left.abort();
  }, [key, wanted]);
  return state;
}

async function follow(signal: AbortSignal, watch: Watch, report: (state: LiveState) => void): Promise<void> {
  let pause = FIRST_PAUSE_MILLIS;
  while (!signal.aborted) {
    try {
      await watch(signal, () => {
        pause = FIRST_PAUSE_MILLIS;
        report("live");
      });
      if (!signal.aborted) report("off");
      return;
    } catch (error) {
      if (signal.aborted || isCancelled(error)) return;
      report("reconnecting");
      await sleep(pause * (0.5 + Math.random() / 2), signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
    }
  }
}

export function sleep(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
