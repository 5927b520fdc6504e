"use client";

import { useCallback, useSyncExternalStore } from "react";

/** What somebody has typed and not sent: kept by the browser's tab, so that neither a lost race nor a reload takes it. */
const listeners = new Set<() => void>();
const memory = new Map<string, string>();

/** The text kept under `key`, and how to keep another. */
export function useDraft(key: string): [string, (text: string) => void] {
  const text = useSyncExternalStore(subscribe, () => read(key), () => "");
  const keep = useCallback((next: string) => write(key, next), [key]);
  return [text, keep];
}

function read(key: string): string {
  try {
    return sessionStorage.getItem(`draft ${key}`) ?? "";
  } catch {
    return memory.get(key) ?? ""; // Storage may be forbidden; then a reload forgets.
  }
}

function write(key: string, text: string): void {
  memory.set(key, text);
  try {
    if (text) sessionStorage.setItem(`draft ${key}`, text);
    else sessionStorage.removeItem(`draft ${key}`);
  } catch {
    // As above.
  }
  listeners.forEach((each) => each());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
