import "server-only";

/** Everything of the first screen. */

import { openEpisodes } from "./episodes/open";
import { isoOf, readingFreshness } from "./freshness";
import { detectorsPart, pipelinePart, storeHealth } from "./health";
import { HOUR_MS, liveOf, summaryOf, tagsOf } from "./live";
import { settings } from "./settings";
import { chosenSource, knownSources } from "./sources";
import type { Overview } from "./types";

/** `sinceMs`: trends only from there on. Counts and open episodes are those of all sources. */
export async function overviewOf(named: string, sinceMs: number, operator: string | null): Promise<Overview> {
  const sources = await knownSources();
  const source = chosenSource(named, sources);
  const nowMs = Date.now();
  const [live, episodes, stores, detectors] = await Promise.all([
    liveOf(source, HOUR_MS),
    openEpisodes(nowMs),
    storeHealth(),
    detectorsPart(nowMs),
  ]);
  const tags = tagsOf(live);
  const { cadenceSeconds } = live.registry;
  return {
    now: isoOf(Date.now()),
    environment: settings().environment,
    source,
    sources,
    readings: readingFreshness(live.window.newestMs, cadenceSeconds, Date.now(), live.readingsAway),
    anomalies: episodes.freshness,
    core: tags.core.map((tag) => summaryOf(live, tag, true, sinceMs)),
    others: tags.others.map((tag) => summaryOf(live, tag, false, sinceMs)),
    parts: [...stores, detectors, pipelinePart(live)],
    counts: episodes.counts,
    open: episodes.open,
    operator,
  };
}
