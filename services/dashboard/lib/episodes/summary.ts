/** From an episode's document to what the screens show of it. */

import { GAP_MS, SEVERITIES, type EpisodeDocument } from "../generated/types";
import { parseTime } from "../telemetry/times";
import type { EpisodeSummary, Severity } from "../types";

/** Of a document in Cosmos DB, or of its excerpt under `dashboard:open_episodes`, which knows no revision. */
export function summaryOf(document: Partial<EpisodeDocument>, nowMs: number): EpisodeSummary {
  const contexts = document.contexts ?? {};
  const tags = (document.tags ?? []).map(String);
  const lastMs = document.last_ms ?? parseTime(document.last_seen ?? "");
  return {
    anomalyId: String(document.anomaly_id ?? ""),
    source: String(document.source ?? ""),
    severity: severityOf(document.severity_level),
    state: document.status === "resolved" ? "resolved" : "open",
    tags,
    firstSeen: document.detected_at ?? "",
    lastSeen: document.last_seen ?? "",
    occurrences: document.occurrences ?? 0,
    assignedTo: document.assigned_to || null,
    quiet: !(nowMs - lastMs <= GAP_MS),
    context: tags.map((tag) => contexts[tag]).find(Boolean) ?? Object.values(contexts)[0] ?? "",
    etag: document.revision === undefined ? "" : etagOf(document.revision),
  };
}

/** Operators' actions alone make an episode another one; what the pipeline counts is no news to an action. */
export function etagOf(revision: number): string {
  return `revision-${revision}`;
}

/** The inverse; undefined for an empty one, NaN for what is none. */
export function revisionOf(etag: string): number | undefined {
  if (etag === "") return undefined;
  const found = /^revision-(\d{1,9})$/.exec(etag);
  return found ? Number(found[1]) : NaN;
}

function severityOf(text: string | undefined): Severity {
  return SEVERITIES.find((severity) => severity === text) ?? "low";
}
