/** Which readings an episode has counted: what `triage/counted.py` packs, unpacked. */

import { inflateSync } from "node:zlib";

/** A day of readings at one a second takes less; more is not ours. */
const MOST_BYTES = 8 * 1024 * 1024;

/** Times in ms, ascending; empty for "" and for what cannot be read. */
export function countedTimes(text: string): number[] {
  if (!text) return [];
  let deltas: Buffer;
  try {
    deltas = inflateSync(Buffer.from(text, "base64"), { maxOutputLength: MOST_BYTES });
  } catch {
    return [];
  }
  const times: number[] = [];
  let now = 0;
  for (let at = 0; at + 8 <= deltas.length; at += 8) {
    now += Number(deltas.readBigInt64LE(at));
    times.push(now);
  }
  return times;
}
