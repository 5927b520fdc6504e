import "server-only";

/** Open episodes and their counts: from `dashboard:*` in Redis, from Cosmos DB where that is stale. */

import type { StoreAway } from "../errors";
import { SEVERITIES, type EpisodeDocument } from "../generated/types";
import { readDashboardCache } from "../stores/readings";
import { remembered } from "../stores/remembered";
import { parseTime } from "../telemetry/times";
import type { Counts, EpisodeSummary, Freshness } from "../types";
import { isoOf } from "../freshness";
import { lastAction } from "./acting";
import { selectEpisodes } from "./selecting";
import { summaryOf } from "./summary";

/** Older than this, the cache may have missed a change: its writer is asked by the change feed alone. */
const FRESH_MS = 60_000;
const MOST_SHOWN = 200;

export interface OpenEpisodes {
  counts: Counts;
  open: EpisodeSummary[];
  freshness: Freshness;
  cosmosAway: StoreAway | null;
}

export async function openEpisodes(nowMs: number): Promise<OpenEpisodes> {
  const cache = await remembered("dashboard cache", 2_000, readDashboardCache);
  const updatedMs = cache.value && !cache.failure ? parseTime(cache.value.updatedAt) : NaN;
  if (cache.value && nowMs - updatedMs <= FRESH_MS && updatedMs > lastAction().at) {
    return { ...shown(cache.value.openEpisodes, cache.value.counts, nowMs), freshness: live(updatedMs, nowMs), cosmosAway: null };
  }
  const asked = await remembered("open episodes", 4_000, async () => {
    const filter = { status: "open" as const, severities: [], tag: "", source: "", sinceMs: null };
    return (await selectEpisodes(filter)).found;
  });
  if (asked.value && !asked.failure) {
    return { ...shown(asked.value, null, nowMs), freshness: live(asked.at, nowMs), cosmosAway: null };
  }
  const freshness: Freshness = {
    at: asked.value ? isoOf(asked.at) : Number.isNaN(updatedMs) ? null : isoOf(updatedMs),
    checkedAt: isoOf(nowMs),
    state: "away",
    reason: asked.failure?.reason ?? "Cosmos DB has not answered yet.",
  };
  const last = asked.value ?? cache.value?.openEpisodes ?? [];
  return { ...shown(last, asked.value ? null : (cache.value?.counts ?? null), nowMs), freshness, cosmosAway: asked.failure };
}

function shown(documents: Partial<EpisodeDocument>[], counts: Record<string, number> | null, nowMs: number) {
  const open = documents.map((document) => summaryOf(document, nowMs));
  const counted = Object.fromEntries(
    SEVERITIES.map((severity) => [
      severity,
      counts?.[severity] ?? open.filter((episode) => episode.severity === severity).length,
    ]),
  ) as unknown as Counts;
  return { counts: counted, open: open.sort(gravestFirst).slice(0, MOST_SHOWN) };
}

function gravestFirst(one: EpisodeSummary, other: EpisodeSummary): number {
  const graver = SEVERITIES.indexOf(other.severity) - SEVERITIES.indexOf(one.severity);
  return graver || other.firstSeen.localeCompare(one.firstSeen);
}

function live(atMs: number, nowMs: number): Freshness {
  return { at: isoOf(atMs), checkedAt: isoOf(nowMs), state: "live" };
}
