import type { TagSummary } from "@/lib/types";
import { placeIn, spanOf } from "./scale";

export const WIDTH = 300;
export const HEIGHT = 60;
const HOUR_MS = 3_600_000;

type Point = [ms: number, value: number];

/** The paths of a spark line. */
export interface Drawing {
  limits: string[];
  pen: string;
  /** The newest value, as a dot; null where there is none. */
  tip: string | null;
}

/** The hour up to `now` between the inner alarm limits; nothing but finite numbers, or a browser draws no path. */
export function drawingOf(tag: TagSummary, now: number): Drawing {
  const { L, H } = tag.limits;
  const trend = withNewest(tag);
  const last = trend.at(-1);
  const span = spanOf(
    { LL: null, L, H, HH: null },
    trend.map(([, value]) => value),
  );
  const end = Math.max(now, last?.[0] ?? 0);
  const x = (ms: number) => round(WIDTH * (1 - (end - ms) / HOUR_MS));
  const y = (value: number) => round(HEIGHT * (1 - placeIn(span, value)));
  return {
    limits: [L, H].flatMap((limit) => (limit === null ? [] : [`M0 ${y(limit)}H${WIDTH}`])),
    pen: pathOf(trend, tag.cadenceSeconds, x, y),
    tip: last ? `M${x(last[0])} ${y(last[1])}h0.01` : null,
  };
}

/** The trend is thinned; it ends with the value that is shown beside it. */
function withNewest({ trend, value, at }: TagSummary): Point[] {
  const ms = at === null ? NaN : Date.parse(at);
  const points = value !== null && ms > (trend.at(-1)?.[0] ?? -Infinity) ? [...trend, [ms, value] as Point] : trend;
  return points.filter(([, each]) => Number.isFinite(each));
}

/** A line that is lifted where readings are missing for longer than three of its steps. */
function pathOf(trend: Point[], cadence: number, x: (ms: number) => number, y: (value: number) => number): string {
  const gap = 3 * Math.max(cadence * 1000, usualStep(trend));
  let path = "";
  let before: number | null = null;
  for (const [ms, value] of trend) {
    path += `${before === null || ms - before > gap ? "M" : "L"}${x(ms)} ${y(value)}`;
    before = ms;
  }
  return path;
}

function usualStep(trend: Point[]): number {
  const [first, last] = [trend[0], trend.at(-1)];
  return first && last && trend.length > 1 ? (last[0] - first[0]) / (trend.length - 1) : 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
