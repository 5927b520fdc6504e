/** Fewer points that hide nothing: of each span of time its smallest and its largest value, at their own times. */

export type Point = [number, number];

/** Of the trends of the last hour: what the server thins to, and what the browser replaces as a whole. */
export const CORE_BUCKET_MS = 60_000;
export const OTHER_BUCKET_MS = 180_000;

/**
 * Buckets are aligned to the clock, so that what was sent before stays true when more comes. `values` may end
 * before `times`, or be empty: a tag that came in none of these readings has no point.
 */
export function thinned(
  times: readonly number[],
  values: readonly number[],
  fromMs: number,
  bucketMs: number,
): Point[] {
  const points: Point[] = [];
  let bucket = NaN;
  let least: Point | null = null;
  let most: Point | null = null;
  const close = () => {
    if (!least || !most) return;
    if (least[0] === most[0]) points.push(least);
    else points.push(...(least[0] < most[0] ? [least, most] : [most, least]));
  };
  for (let row = 0; row < times.length; row++) {
    const ms = times[row] as number;
    const value = values[row];
    if (ms < fromMs || value === undefined || Number.isNaN(value)) continue;
    const at = Math.floor(ms / bucketMs);
    if (at !== bucket) {
      close();
      bucket = at;
      least = most = [ms, value];
    }
    if (value < (least as Point)[1]) least = [ms, value];
    if (value > (most as Point)[1]) most = [ms, value];
  }
  close();
  return points;
}

/** The start of the bucket that a time lies in: what is sent anew starts here. */
export function bucketStart(ms: number, bucketMs: number): number {
  return Math.floor(ms / bucketMs) * bucketMs;
}
