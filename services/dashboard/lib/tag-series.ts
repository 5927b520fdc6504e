import "server-only";

/** One tag over the window of its source: values, what was expected, and where it was found anomalous. */

import { DashboardError } from "./errors";
import { bandOf } from "./band";
import { selectEpisodes, type Excerpt } from "./episodes/selecting";
import { readingFreshness } from "./freshness";
import { liveOf, summaryOf, tagsOf } from "./live";
import { settings } from "./settings";
import { remembered } from "./stores/remembered";
import { countedTimes } from "./telemetry/counted";
import { thinned } from "./telemetry/thinning";
import { chosenSource, knownSources } from "./sources";
import type { TagMark, TagSeries } from "./types";

/** A day at one reading in 10 s is sent whole, late ones and all; of more, each span's smallest and largest value. */
export const MOST_POINTS = 9_000;

/** `sinceMs`: only what is newer. Throws `not-found` for a tag that neither readings nor registry know. */
export async function tagSeriesOf(tag: string, named: string, sinceMs: number): Promise<TagSeries> {
  const source = chosenSource(named, await knownSources());
  const { retentionMs } = settings();
  const live = await liveOf(source, retentionMs);
  const { core, others } = tagsOf(live);
  if (!core.includes(tag) && !others.includes(tag)) {
    throw new DashboardError("not-found", `The source ${source} has no tag ${tag.slice(0, 80)}.`, "Choose one of its tags.");
  }
  const { window } = live;
  const oldest = (window.newestMs ?? Date.now()) - retentionMs;
  const from = Math.max(oldest, sinceMs + 1);
  const [episodes, band] = await Promise.all([
    remembered(`episodes of ${source} ${tag}`, 8_000, () => episodesOf(source, tag, oldest)),
    bandOf(live, tag, from),
  ]);
  return {
    tag: summaryOf(live, tag, core.includes(tag), sinceMs),
    points: pointsOf(window.times, window.columns.get(tag) ?? [], window.from(from), retentionMs),
    band,
    anomalies: marksOf(episodes.value ?? [], tag, from),
    freshness: readingFreshness(window.newestMs, live.registry.cadenceSeconds, Date.now(), live.readingsAway),
  };
}

function pointsOf(times: readonly number[], column: readonly number[], row: number, spanMs: number): TagSeries["points"] {
  if (times.length <= MOST_POINTS) {
    const t = times.slice(row);
    return { t, v: t.map((_, at) => numberOrNull(column[row + at])) };
  }
  // The same buckets each time, so that what is sent later fits to what was sent before.
  const points = thinned(times.slice(row), column.slice(row), 0, Math.ceil((2 * spanMs) / MOST_POINTS));
  return { t: points.map(([ms]) => ms), v: points.map(([, value]) => value) };
}

/** Each reading that an episode with this tag has counted. */
function marksOf(episodes: readonly Excerpt[], tag: string, from: number): TagMark[] {
  return episodes
    .flatMap((episode) =>
      countedTimes(episode.counted ?? "")
        .filter((t) => t >= from)
        .map((t): TagMark => ({ t, status: "Anomaly", anomalyId: episode.anomaly_id })),
    )
    .sort((one, other) => one.t - other.t);
}

async function episodesOf(source: string, tag: string, sinceMs: number): Promise<Excerpt[]> {
  return (await selectEpisodes({ status: "all", severities: [], tag, source, sinceMs }, ["counted"])).found;
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
