/** Loading what a page shows. */

import { useEffect, useRef, useState } from "preact/hooks";

import { type Failure, failureOf, isCancelled } from "../api/errors.ts";
import { me, sessionSignal } from "../api/session.ts";
import { visible } from "./visible.ts";

interface Loaded<T> {
  data: T | undefined;
  failure: Failure | undefined;
  reload: () => void;
  /** Replaces the data, for example with the answer to a change. */
  set: (data: T) => void;
}

// What was shown last, so that Back shows a page at once while it loads again. It ends with the session.
const shown = new Map<string, unknown>();
const SHOWN_PAGES = 20;
// While a service is away, the page asks again by itself.
const RETRY_MILLIS = 5000;
me.subscribe((user) => {
  if (user === undefined) shown.clear();
});

function remember(key: string, data: unknown): void {
  shown.delete(key);
  shown.set(key, data);
  const [oldest] = shown.keys();
  if (shown.size > SHOWN_PAGES && oldest !== undefined) shown.delete(oldest);
}

/**
 * Loads when `key` changes, on reload(), and again every few seconds while the service is away; only while the tab is visible. Leaving the
 * page aborts the call.
 */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; data?: T | undefined; failure?: Failure }>({ key: "" });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const current = state.key === key ? state : { key, data: shown.get(key) as T | undefined };
  // A page that has its data does not load it again each time the tab becomes visible.
  const wanted = visible.value || (current.data !== undefined && current.failure === undefined);

  useEffect(() => {
    if (!wanted) return undefined;
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    latest.current(AbortSignal.any([left.signal, sessionSignal()])).then(
      (data) => {
        if (left.signal.aborted) return;
        remember(key, data);
        setState({ key, data });
      },
      (error: unknown) => {
        if (left.signal.aborted || isCancelled(error)) return;
        const failure = failureOf(error);
        setState((before) => ({ key, data: before.key === key ? before.data : undefined, failure }));
        if (failure.temporary) timer = setTimeout(() => setRound((before) => before + 1), RETRY_MILLIS);
      },
    );
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [key, round, wanted]);

  return {
    data: current.data,
    failure: current.failure,
    reload: () => setRound((before) => before + 1),
    set: (data) => {
      remember(key, data);
      setState({ key, data });
    },
  };
}

export interface Action<Arguments extends unknown[]> {
  busy: boolean;
  failure: Failure | undefined;
  run: (...args: Arguments) => Promise<boolean>;
  clear: () => void;
}

/** A change that the reader asks for: one at a time, with its failure. run() returns whether it succeeded. */
export function useAction<Arguments extends unknown[]>(action: (...args: Arguments) => Promise<void>): Action<Arguments> {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | undefined>();
  const running = useRef(false);
  return {
    busy,
    failure,
    clear: () => setFailure(undefined),
    run: async (...args) => {
      if (running.current) return false;
      running.current = true;
      setBusy(true);
      setFailure(undefined);
      try {
        await action(...args);
        return true;
      } catch (error) {
        if (!isCancelled(error)) setFailure(failureOf(error));
        return false;
      } finally {
        running.current = false;
        setBusy(false);
      }
    },
  };
}
