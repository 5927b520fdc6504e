import type { Limits, TagMark, TagSeries } from "@/lib/types";

/** A stretch of time in numbers: what the chart shows, for those who do not see it. */
export interface Stretch {
  from: number;
  to: number;
  count: number;
  least: number | null;
  mean: number | null;
  most: number | null;
  /** Readings outside of the inner alarm limits. */
  beyond: number;
  anomalies: number;
}

/** The readings from `from` up to and including `to`, milliseconds. */
export function summarise(series: TagSeries, from: number, to: number): Stretch {
  const { t, v } = series.points;
  const values: number[] = [];
  let beyond = 0;
  for (let index = firstAt(t, from); index < t.length && (t[index] ?? 0) <= to; index += 1) {
    const value = v[index];
    if (value === null || value === undefined) continue;
    values.push(value);
    if (isBeyond(value, series.tag.limits)) beyond += 1;
  }
  return {
    from,
    to,
    count: values.length,
    least: values.length ? values.reduce((least, value) => Math.min(least, value)) : null,
    mean: values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null,
    most: values.length ? values.reduce((most, value) => Math.max(most, value)) : null,
    beyond,
    anomalies: anomaliesIn(series.anomalies, from, to),
  };
}

/** At most 24 stretches of a round length, the newest first; those without a reading are left out. */
export function stretches(series: TagSeries, from: number, to: number): Stretch[] {
  const length = STEPS.find((step) => (to - from) / step <= 24) ?? 3_600_000;
  const found: Stretch[] = [];
  for (let start = Math.floor(from / length) * length; start <= to; start += length) {
    const stretch = summarise(series, Math.max(start, from), Math.min(start + length - 1, to));
    if (stretch.count > 0) found.push(stretch);
  }
  return found.reverse();
}

const MINUTE = 60_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60].map((minutes) => minutes * MINUTE);

function firstAt(t: number[], from: number): number {
  let low = 0;
  let high = t.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((t[middle] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBeyond(value: number, { L, H }: Limits): boolean {
  return (L !== null && value < L) || (H !== null && value > H);
}

function anomaliesIn(marks: TagMark[], from: number, to: number): number {
  return marks.filter(({ t, status }) => status === "Anomaly" && t >= from && t <= to).length;
}
