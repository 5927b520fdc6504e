import type { TagSeries } from "@/lib/types";

const DAY_MS = 24 * 3_600_000;

/** What is held with what came since, cut to the last 24 hours. */
export function mergeSeries(held: TagSeries, news: TagSeries): TagSeries {
  const since = held.points.t.at(-1) ?? -Infinity;
  const points = [...zip(held.points.t, held.points.v), ...zip(news.points.t, news.points.v).filter(([t]) => t > since)];
  const oldest = (points.at(-1)?.[0] ?? 0) - DAY_MS;
  const kept = points.filter(([t]) => t >= oldest);
  const marks = new Map([...held.anomalies, ...news.anomalies].map((mark) => [`${mark.t} ${mark.anomalyId}`, mark]));
  return {
    ...news,
    tag: { ...news.tag, trend: held.tag.trend },
    points: { t: kept.map(([t]) => t), v: kept.map(([, v]) => v) },
    band: mergeBands(held.band, news.band, oldest),
    anomalies: [...marks.values()].filter(({ t }) => t >= oldest).sort((one, other) => one.t - other.t),
  };
}

function mergeBands(held: TagSeries["band"], news: TagSeries["band"], oldest: number): TagSeries["band"] {
  if (!held || !news) return news ?? held;
  const since = held.t.at(-1) ?? -Infinity;
  const row = (band: NonNullable<TagSeries["band"]>) =>
    band.t.map((t, index) => [t, band.lower[index] ?? NaN, band.upper[index] ?? NaN] as const);
  const rows = [...row(held).filter(([t]) => t >= oldest), ...row(news).filter(([t]) => t > since)];
  return { t: rows.map(([t]) => t), lower: rows.map(([, lower]) => lower), upper: rows.map(([, , upper]) => upper) };
}

function zip(t: number[], v: (number | null)[]): [number, number | null][] {
  return t.map((ms, index) => [ms, v[index] ?? null]);
}
