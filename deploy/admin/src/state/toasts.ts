/** Short messages about what came of an action. */

import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  kind: "done" | "failed";
  text: string;
}

const SHOWN_MILLIS = 8000;
let last = 0;

export const toasts = signal<Toast[]>([]);

export function toast(kind: Toast["kind"], text: string): void {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-2), { id, kind, text }];
  // What failed stays until it is dismissed.
  if (kind === "done") setTimeout(() => dismiss(id), SHOWN_MILLIS);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}
