import { bucketStart } from "@/lib/telemetry/thinning";
import type { Overview, TagSummary } from "@/lib/types";

const HOUR_MS = 3_600_000;
/** How the server thins trends: it sends the whole bucket that the last known reading lies in anew. */
const CORE_BUCKET_MS = 60_000;
const OTHER_BUCKET_MS = 180_000;

/** What is held, with what came since: new values, and their points in the place of the last bucket. */
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
