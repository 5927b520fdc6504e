import type { Overview, TagSummary } from "@/lib/types";

const HOUR_MS = 3_600_000;

/** What is held, with what came since: new values, and their points joined to the last hour. */
export function mergeOverview(held: Overview, news: Overview): Overview {
  if (held.source !== news.source) return news;
  return { ...news, core: mergeTags(held.core, news.core), others: mergeTags(held.others, news.others) };
}

function mergeTags(held: TagSummary[], news: TagSummary[]): TagSummary[] {
  const before = new Map(held.map((tag) => [tag.tag, tag]));
  for (const tag of news) before.set(tag.tag, withTrend(tag, before.get(tag.tag)));
  return [...before.values()];
}

function withTrend(tag: TagSummary, before: TagSummary | undefined): TagSummary {
  const known = before?.trend ?? [];
  const newest = known.at(-1)?.[0] ?? -Infinity;
  const trend = [...known, ...tag.trend.filter(([ms]) => ms > newest)];
  const end = trend.at(-1)?.[0] ?? 0;
  return { ...tag, trend: trend.filter(([ms]) => ms >= end - HOUR_MS) };
}
