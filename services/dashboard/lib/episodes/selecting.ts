import "server-only";

/** Episodes by status, severity, tag, time and source: the same questions as `anomalies list` asks. */

import type { JSONValue } from "@azure/cosmos";

import { RESOLVED, UNRESOLVED, type EpisodeDocument, type Severity } from "../generated/types";
import { query } from "../stores/cosmos";

export type Status = "open" | "resolved" | "all";

export interface EpisodeFilter {
  status: Status;
  severities: Severity[];
  tag: string;
  source: string;
  /** Seen at this time or later; null for any. */
  sinceMs: number | null;
}

/** What the screens show of an episode; the whole document holds a reading and a history as well. */
export type Excerpt = Pick<
  EpisodeDocument,
  | "anomaly_id"
  | "source"
  | "detected_at"
  | "last_seen"
  | "first_ms"
  | "last_ms"
  | "severity_level"
  | "assigned_to"
  | "tags"
  | "occurrences"
  | "contexts"
  | "revision"
  | "status"
> & { counted?: string };

/** The newest so many of a container; what is older is found by narrowing the filter. */
export const MOST_EPISODES = 5_000;

const SHOWN = [
  "anomaly_id",
  "source",
  "detected_at",
  "last_seen",
  "first_ms",
  "last_ms",
  "severity_level",
  "assigned_to",
  "tags",
  "occurrences",
  "contexts",
  "revision",
  "status",
];

/** Newest first; of two with one id the higher revision, equal means resolved. */
export async function selectEpisodes(filter: EpisodeFilter, also: string[] = []): Promise<{ found: Excerpt[]; capped: boolean }> {
  const containers = { open: [UNRESOLVED], resolved: [RESOLVED], all: [UNRESOLVED, RESOLVED] }[filter.status];
  const parts = await Promise.all(containers.map((name) => inContainer(name, filter, also)));
  const byId = new Map<string, Excerpt>();
  for (const document of parts.flat()) {
    const other = byId.get(document.anomaly_id);
    if (!other || document.revision >= other.revision) byId.set(document.anomaly_id, document);
  }
  const found = [...byId.values()].sort((one, other) => other.first_ms - one.first_ms);
  return { found, capped: parts.some((part) => part.length >= MOST_EPISODES) };
}

async function inContainer(name: string, filter: EpisodeFilter, also: string[]): Promise<Excerpt[]> {
  // A resolved episode stays among the unresolved for a while, and a reopened one among the resolved.
  const conditions = ["c.status = @status"];
  const parameters: Record<string, JSONValue> = { status: name === UNRESOLVED ? "open" : "resolved" };
  const narrow = (condition: string, key: string, value: JSONValue) => {
    conditions.push(condition);
    parameters[key] = value;
  };
  if (filter.severities.length) narrow("ARRAY_CONTAINS(@severities, c.severity_level)", "severities", filter.severities);
  if (filter.tag) narrow("ARRAY_CONTAINS(c.tags, @tag)", "tag", filter.tag);
  if (filter.sinceMs !== null) narrow("c.last_ms >= @since", "since", filter.sinceMs);
  if (filter.source) narrow("c.source = @source", "source", filter.source);
  // Only our own fixed conditions are joined; what a user chose travels as parameters.
  const columns = [...SHOWN, ...also].map((key) => `c.${key}`).join(", ");
  const text = `SELECT TOP ${MOST_EPISODES} ${columns} FROM c WHERE ${conditions.join(" AND ")} ORDER BY c.detected_at DESC`;
  return query<Excerpt>(name, text, parameters);
}
