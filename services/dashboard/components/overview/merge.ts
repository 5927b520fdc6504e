import { bucketStart, CORE_BUCKET_MS, OTHER_BUCKET_MS } from "@/lib/telemetry/thinning";
import type { Overview, TagSummary } from "@/lib/types";

const HOUR_MS = 3_600_000;

/** What is held, with what came since: the server sends the bucket that the last known reading lies in anew. */
export function mergeOverview(held: Overview, news: Overview): Overview {
  if (held.source !== news.source || held.readings.at === null) return news;
  const since = Date.parse(held.readings.at);
  return {
    ...news,
    core: mergeTags(held.core, news.core, bucketStart(since, CORE_BUCKET_MS)),
    others: mergeTags(held.others, news.others, bucketStart(since, OTHER_BUCKET_MS)),
  };
}

/** The tags that are known now, in their order. */
function mergeTags(held: TagSummary[], news: TagSummary[], anewFrom: number): TagSummary[] {
  const before = new Map(held.map((tag) => [tag.tag, tag.trend]));
  return news.map((tag) => {
    const known = (before.get(tag.tag) ?? []).filter(([ms]) => ms < (tag.trend.length ? anewFrom : Infinity));
    const trend = [...known, ...tag.trend];
    const oldest = (trend.at(-1)?.[0] ?? 0) - HOUR_MS;
    return { ...tag, trend: trend.filter(([ms]) => ms >= oldest) };
  });
}
