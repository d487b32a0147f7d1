/** Loading what a page shows. */

import { useEffect, useRef, useState } from "preact/hooks";

import { type Failure, failureOf, isCancelled } from "../api/errors.ts";
import { me, sessionSignal } from "../api/session.ts";
import { visible } from "./visible.ts";

interface Loaded<T> {
  data: T | undefined;
  failure: Failure | undefined;
  loading: boolean;
  reload: () => void;
  /** Replaces the data, for example with the answer to a change. */
  set: (data: T) => void;
}

// What was shown last, so that Back shows a page at once while it loads again. It ends with the session.
const shown = new Map<string, unknown>();
const SHOWN_PAGES = 20;
me.subscribe((user) => {
  if (user === undefined) shown.clear();
});

function remember(key: string, data: unknown): void {
  shown.delete(key);
  shown.set(key, data);
  const [oldest] = shown.keys();
  if (shown.size > SHOWN_PAGES && oldest !== undefined) shown.delete(oldest);
}

/** Loads when `key` changes, when the tab becomes visible before the data is there, and on reload(). Leaving the page aborts the call. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; data?: T | undefined; failure?: Failure }>({ key: "" });
  const [round, setRound] = useState(0);
  const [loading, setLoading] = useState(true);
  const latest = useRef(load);
  latest.current = load;
  const current = state.key === key ? state : { key, data: shown.get(key) as T | undefined };
  const wanted = visible.value || current.data !== undefined;

  useEffect(() => {
    if (!wanted) return undefined;
    const left = new AbortController();
    setLoading(true);
    latest.current(AbortSignal.any([left.signal, sessionSignal()])).then(
      (data) => {
        if (left.signal.aborted) return;
        remember(key, data);
        setState({ key, data });
        setLoading(false);
      },
      (error: unknown) => {
        if (left.signal.aborted || isCancelled(error)) return;
        setState((before) => ({ key, data: before.key === key ? before.data : undefined, failure: failureOf(error) }));
        setLoading(false);
      },
    );
    return () => left.abort();
  }, [key, round, wanted]);

  return {
    data: current.data,
    failure: current.failure,
    loading,
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
