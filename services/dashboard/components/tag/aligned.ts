import type { TagSeries } from "@/lib/types";

/** One row a time: value, expected band, and the value again where it was judged anomalous. Seconds, as uPlot wants. */
export type Aligned = [
  t: number[],
  lower: (number | null)[],
  upper: (number | null)[],
  value: (number | null)[],
  anomalous: (number | null)[],
];

/** The tag's points with the band and the verdicts of the same times beside them. */
export function aligned(series: TagSeries): Aligned {
  const band = new Map(series.band?.t.map((ms, index) => [ms, index]));
  const marked = new Set(series.anomalies.filter(({ status }) => status === "Anomaly").map(({ t }) => t));
  const { t, v } = series.points;
  const bound = (side: "lower" | "upper") => (ms: number) => {
    const index = band.get(ms);
    return index === undefined ? null : (series.band?.[side][index] ?? null);
  };
  return [
    t.map((ms) => ms / 1000),
    t.map(bound("lower")),
    t.map(bound("upper")),
    v,
    t.map((ms, index) => (marked.has(ms) ? (v[index] ?? null) : null)),
  ];
}
