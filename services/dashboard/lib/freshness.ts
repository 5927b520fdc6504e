/** How far what is shown can be trusted, in words. */

import type { StoreAway } from "./errors";
import type { Freshness } from "./types";

/** Of readings: live while they come about as often as the source sends them. */
export function readingFreshness(
  newestMs: number | null,
  cadenceSeconds: number,
  nowMs: number,
  failure: StoreAway | null,
): Freshness {
  const base = { at: newestMs === null ? null : isoOf(newestMs), checkedAt: isoOf(nowMs) };
  if (failure) return { ...base, state: "away", reason: failure.reason };
  if (newestMs === null) return { ...base, state: "stale", reason: "There is no reading of this source." };
  const age = (nowMs - newestMs) / 1000;
  if (age > Math.max(60, 6 * cadenceSeconds)) {
    return { ...base, state: "stale", reason: `The newest reading is ${spanOf(age)} old.` };
  }
  return { ...base, state: "live" };
}

/** Of what a store was asked for. */
export function askedFreshness(atMs: number, nowMs: number, failure: StoreAway | null): Freshness {
  const base = { at: atMs ? isoOf(atMs) : null, checkedAt: isoOf(nowMs) };
  return failure ? { ...base, state: "away", reason: failure.reason } : { ...base, state: "live" };
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

export function spanOf(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
