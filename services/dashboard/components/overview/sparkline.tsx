import type { TagSummary } from "@/lib/types";
import styles from "./drawing.module.css";
import { spanOf } from "./scale";

const WIDTH = 300;
const HEIGHT = 60;
const HOUR_MS = 3_600_000;

/** The last hour as a line between its inner alarm limits; a drawing only, the words beside it say the same. */
export function Sparkline({ tag, now }: { tag: TagSummary; now: number }) {
  const { L, H } = tag.limits;
  const inner = { LL: null, L, H, HH: null };
  const trend = withNewest(tag);
  const last = trend.at(-1);
  const span = spanOf(
    inner,
    trend.map(([, value]) => value),
  );
  const end = Math.max(now, last?.[0] ?? 0);
  const x = (ms: number) => round(WIDTH * (1 - (end - ms) / HOUR_MS));
  const y = (value: number) => round(within(HEIGHT * (1 - (value - span.from) / (span.to - span.from))));
  return (
    <svg
      aria-hidden="true"
      className={styles.sparkline}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      {[L, H].map((limit, index) =>
        limit === null ? null : <path key={index} className={styles.limit} d={`M0 ${y(limit)}H${WIDTH}`} />,
      )}
      <path className={styles.pen} d={pathOf(trend, tag.cadenceSeconds, x, y)} />
      {last && <path className={styles.tip} d={`M${x(last[0])} ${y(last[1])}h0.01`} />}
    </svg>
  );
}

type Point = [ms: number, value: number];

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

/** What lies far outside is drawn just outside: a path takes no infinite number. */
function within(height: number): number {
  return Math.max(-HEIGHT, Math.min(2 * HEIGHT, height));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
