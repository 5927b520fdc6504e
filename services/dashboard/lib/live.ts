import "server-only";

/** The state of one source now: its window, its tags and what was last said of them. */

import { StoreAway } from "./errors";
import type { VerdictDocument } from "./generated/types";
import { loadRegistry, windowOf } from "./stores/readings";
import { remembered } from "./stores/remembered";
import { newestVerdict } from "./stores/verdicts";
import { alarmOf } from "./telemetry/alarm";
import { builtInRegistry, factsOf, type Registry } from "./telemetry/registry";
import { bucketStart, CORE_BUCKET_MS, OTHER_BUCKET_MS, thinned } from "./telemetry/thinning";
import { parseTime } from "./telemetry/times";
import type { SourceWindow } from "./telemetry/window";
import type { TagSummary } from "./types";
import { isoOf } from "./freshness";

export const HOUR_MS = 3_600_000;
/** A verdict speaks of now while no reading is much newer than the one that it judged. */
const VERDICT_REACH_MS = 120_000;
/** Where a plant names no core tags, the first of its tags stand in their place. */
const STAND_INS = 8;

export interface Live {
  source: string;
  window: SourceWindow;
  registry: Registry;
  isOwnRegistry: boolean;
  /** null where none speaks of now. */
  verdict: VerdictDocument | null;
  /** When the newest judged reading was taken; null where nobody knows. */
  judgedMs: number | null;
  readingsAway: StoreAway | null;
  verdictsAway: StoreAway | null;
}

/** Ask both stores side by side; what is away leaves the last data. */
export async function liveOf(source: string, spanMs: number): Promise<Live> {
  const window = windowOf(source);
  const [known, readingsAway] = await Promise.all([
    remembered(`registry ${source}`, 30_000, () => loadRegistry(source)),
    refreshed(window, spanMs),
  ]);
  const newest = window.newestMs;
  const verdicts = await remembered(`verdict ${source}`, 4_000, () => newestVerdict(source, newest ?? Date.now()));
  const judgedMs = verdicts.value ? parseTime(verdicts.value.timestamp) : null;
  const isRecent = judgedMs !== null && (newest ?? judgedMs) - judgedMs <= VERDICT_REACH_MS;
  return {
    source,
    window,
    registry: known.value?.registry ?? builtInRegistry,
    isOwnRegistry: known.value?.isOwn ?? false,
    verdict: isRecent && !verdicts.failure ? verdicts.value : null,
    judgedMs,
    readingsAway: readingsAway ?? known.failure,
    verdictsAway: verdicts.failure,
  };
}

/** Core tags, and all others, each in the registry's order; unknown ones follow by name. */
export function tagsOf(live: Live): { core: string[]; others: string[] } {
  const registered = [...live.registry.tags.keys()];
  const seen = live.window.columns;
  const belongs = live.isOwnRegistry || registered.some((tag) => seen.has(tag)) || seen.size === 0;
  const known = belongs ? registered : [];
  const unknown = [...seen.keys()].filter((tag) => !known.includes(tag)).sort();
  const all = [...known, ...unknown];
  const core = all.filter((tag) => live.registry.tags.get(tag)?.core);
  const shown = core.length ? core : all.slice(0, STAND_INS);
  return { core: shown, others: all.filter((tag) => !shown.includes(tag)) };
}

/** One tag; its trend from `sinceMs` on, whole buckets, so that the receiver replaces what it has from there. */
export function summaryOf(live: Live, tag: string, large: boolean, sinceMs = 0): TagSummary {
  const facts = factsOf(live.registry, tag);
  const { window } = live;
  const latest = window.latest(tag);
  const bucketMs = large ? CORE_BUCKET_MS : OTHER_BUCKET_MS;
  const oldest = (window.newestMs ?? 0) - HOUR_MS;
  const from = Math.max(oldest, sinceMs > oldest ? bucketStart(sinceMs, bucketMs) : oldest);
  const row = window.from(from);
  const column = window.columns.get(tag) ?? [];
  return {
    ...facts,
    value: latest?.value ?? null,
    at: latest ? isoOf(latest.ms) : null,
    ...alarmOf(tag, latest?.value ?? null, facts.limits, live.verdict),
    trend: thinned(window.times.slice(row), column.slice(row), from, bucketMs),
  };
}

async function refreshed(window: SourceWindow, spanMs: number): Promise<StoreAway | null> {
  try {
    await window.refresh(spanMs);
    return null;
  } catch (error) {
    if (error instanceof StoreAway) return error;
    throw error;
  }
}
