import "server-only";

/** One episode in full: its reading, the three methods' words, what happened since, and what resembles it. */

import { DashboardError, type StoreAway } from "../errors";
import { askedFreshness, isoOf } from "../freshness";
import { EVENTS, type EpisodeDocument, type HistoryEntry, type VerdictDocument } from "../generated/types";
import { query } from "../stores/cosmos";
import { episodeContainers } from "../stores/episodes";
import { remembered } from "../stores/remembered";
import { verdictOf } from "../stores/verdicts";
import { current } from "../triage/finding";
import { allowed } from "../triage/transitions";
import type { EpisodeDetail, Modification, TimelineEntry } from "../types";
import { methodsOf } from "./methods";
import { selectEpisodes } from "./selecting";
import { summaryOf } from "./summary";

const ID = /^[a-z0-9-]{1,150}$/;
const TRACE = /^[0-9a-f]{32}$/;
const RELATED_MS = 86_400_000;
const MOST_RELATED = 6;

/** Throws `not-found`, and `away` where it was never read. */
export async function showEpisode(anomalyId: string, operator: string | null): Promise<EpisodeDetail> {
  if (!ID.test(anomalyId)) throw new DashboardError("not-found", "There is no such anomaly.", "Look at the list of all of them.");
  const read = await remembered(`episode ${anomalyId}`, 2_000, () => load(anomalyId));
  if (!read.value) throw read.failure as StoreAway;
  const freshness = askedFreshness(read.at, Date.now(), read.failure);
  return { ...detailOf(read.value), operator, now: isoOf(Date.now()), freshness };
}

type Loaded = Awaited<ReturnType<typeof load>>;

async function load(anomalyId: string) {
  const document = await current(episodeContainers, anomalyId);
  const [verdict, events, related] = await Promise.all([
    verdictOf(document.reading.id),
    query<HistoryEntry>(EVENTS, "SELECT * FROM c WHERE c.anomaly_id = @anomaly_id", { anomaly_id: anomalyId }, anomalyId),
    relatedTo(document),
  ]);
  return { document, verdict, events, related };
}

function detailOf({ document, verdict, events, related }: Loaded): Omit<EpisodeDetail, "operator" | "now" | "freshness"> {
  const nowMs = Date.now();
  const history = historyOf(document, events);
  return {
    summary: summaryOf(document, nowMs),
    contexts: document.contexts,
    shares: document.shares,
    confidence: document.confidence,
    reading: numbersOf(document.reading.values),
    readingAt: document.reading.timestamp,
    corrected: document.modified_values ?? {},
    methods: methodsOf(verdict, document.tags),
    traceId: traceOf(verdict),
    timeline: [opened(document), ...history.map(momentOf)],
    modified: history.filter((entry) => entry.action === "modify").map(modificationOf),
    allowed: allowed(document.status),
    related: related.map((each) => summaryOf(each, nowMs)),
  };
}

function traceOf(verdict: VerdictDocument | null): string {
  const trace = verdict?.explanation?.trace_id ?? "";
  return TRACE.test(trace) ? trace : "";
}

/** Events and the document's own history: an event may still be on its way. */
function historyOf(document: EpisodeDocument, events: readonly HistoryEntry[]): HistoryEntry[] {
  const byRevision = new Map((document.history ?? []).map((entry) => [entry.revision, entry]));
  for (const event of events) byRevision.set(event.revision, event);
  return [...byRevision.values()].sort((one, other) => one.revision - other.revision);
}

function opened(document: EpisodeDocument): TimelineEntry {
  return { at: document.detected_at, by: "pipeline", action: "opened", notes: document.tags.slice(0, 3).join(", ") };
}

function momentOf(entry: HistoryEntry): TimelineEntry {
  return {
    at: entry.at,
    by: entry.by,
    action: entry.action as TimelineEntry["action"],
    notes: entry.why,
    ...(entry.assigned_to === undefined ? {} : { to: entry.assigned_to }),
    ...(entry.values === undefined ? {} : { values: entry.values }),
  };
}

function modificationOf(entry: HistoryEntry): Modification {
  return { at: entry.at, by: entry.by, reason: entry.why, values: entry.values ?? {} };
}

/** Other episodes of the source that share a tag and were seen within a day of it. */
async function relatedTo(document: EpisodeDocument) {
  const { found } = await selectEpisodes({
    status: "all",
    severities: [],
    tag: "",
    source: document.source,
    sinceMs: document.first_ms - RELATED_MS,
  });
  const tags = new Set(document.tags);
  return found
    .filter((each) => each.anomaly_id !== document.anomaly_id && each.first_ms <= document.last_ms + RELATED_MS)
    .filter((each) => each.tags.some((tag) => tags.has(tag)))
    .slice(0, MOST_RELATED);
}

function numbersOf(values: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}
