/** What was read last: shared by all who ask within a moment, and kept for when the store is away. */

import { StoreAway } from "../errors";
import { once } from "./once";

export interface Remembered<T> {
  /** null: never read. */
  value: T | null;
  /** When it was read; ms since 1970. */
  at: number;
  /** Why the last try failed; null when it did not. */
  failure: StoreAway | null;
}

interface Entry extends Remembered<unknown> {
  isStale: boolean;
  loading: Promise<void> | null;
}

const MOST_ENTRIES = 500;

/**
 * Read again when what was read last is older than `freshMs`, and always after a try that failed, so that a store
 * is no longer called away than it is; once for all who wait. Never throws for a store that is away: the last
 * value comes with the reason. Other errors pass.
 */
export async function remembered<T>(key: string, freshMs: number, load: () => Promise<T>): Promise<Remembered<T>> {
  const entries = once("remembered", () => new Map<string, Entry>());
  const entry = entries.get(key) ?? { value: null, at: 0, failure: null, isStale: true, loading: null };
  entries.delete(key);
  entries.set(key, entry);
  if (entries.size > MOST_ENTRIES) entries.delete(entries.keys().next().value as string);
  if (entry.isStale || Date.now() - entry.at >= freshMs) entry.loading ??= read(entry, load);
  if (entry.loading) await entry.loading;
  return { value: entry.value as T | null, at: entry.at, failure: entry.failure };
}

/** What was read before something was changed here is read again. */
export function forgetRemembered(prefix: string): void {
  const entries = once("remembered", () => new Map<string, Entry>());
  for (const [key, entry] of entries) {
    // What is being read at the moment was asked before the change: it is left to those who wait for it.
    if (key.startsWith(prefix)) entries.set(key, { ...entry, isStale: true, loading: null });
  }
}

async function read(entry: Entry, load: () => Promise<unknown>): Promise<void> {
  try {
    entry.value = await load();
    entry.at = Date.now();
    entry.failure = null;
    entry.isStale = false;
  } catch (error) {
    // Anything else is the asker's own mistake: it is not kept, and the next one asks anew.
    if (!(error instanceof StoreAway)) throw error;
    entry.failure = error;
    entry.isStale = true;
  } finally {
    entry.loading = null;
  }
}
