/**
 * What the server hands to the screens: the contract between `lib/` and `app/`, `components/`.
 *
 * Times are ISO 8601 in UTC where they are text, milliseconds since 1970 where they are numbers.
 */

import type { Action, AlarmType, Severity, State, Tier } from "./generated/types";

export type { AlarmType, Severity, Tier };
export type TagStatus = "Normal" | "Anomaly" | "Unknown";
export type EpisodeState = State;
/** What operators do; counting is the pipeline's. */
export type ActionName = Exclude<Action, "count">;

/** How far what is shown can be trusted. */
export interface Freshness {
  /** Time of the newest data; null where there is none. */
  at: string | null;
  checkedAt: string;
  /** `stale`: the store answers, but nothing new comes. `away`: it does not answer, the last data stays. */
  state: "live" | "stale" | "away";
  reason?: string;
}

export interface Limits {
  LL: number | null;
  L: number | null;
  H: number | null;
  HH: number | null;
}

export interface TagSummary {
  tag: string;
  /** For people: the tag's name with spaces. */
  label: string;
  description: string;
  unit: string;
  group: string;
  core: boolean;
  cadenceSeconds: number;
  value: number | null;
  at: string | null;
  limits: Limits;
  alarmType: AlarmType;
  /** `Unknown`: no verdict yet, or the newest one is too old to speak of now. */
  status: TagStatus;
  /** The last hour, thinned: [ms, value]. */
  trend: [number, number][];
}

export interface PartHealth {
  part: "redis" | "cosmos" | "detectors" | "pipeline";
  state: "ok" | "degraded" | "away";
  detail: string;
}

export interface EpisodeSummary {
  anomalyId: string;
  source: string;
  severity: Severity;
  state: EpisodeState;
  tags: string[];
  firstSeen: string;
  lastSeen: string;
  occurrences: number;
  assignedTo: string | null;
  /** Nothing has been added for ten minutes. */
  quiet: boolean;
  context: string;
  /** Goes back with an action: who has seen an older episode is told. Empty where it came from the cache. */
  etag: string;
}

export interface Counts {
  critical: number;
  high: number;
  medium: number;
  low: number;
}

export interface Overview {
  now: string;
  environment: string;
  source: string;
  sources: string[];
  readings: Freshness;
  anomalies: Freshness;
  core: TagSummary[];
  others: TagSummary[];
  parts: PartHealth[];
  counts: Counts;
  open: EpisodeSummary[];
  /** Who acts; null where nobody is signed in, and then nobody can. */
  operator: string | null;
}

export interface Band {
  t: number[];
  lower: number[];
  upper: number[];
}

export interface TagMark {
  t: number;
  status: TagStatus;
  anomalyId?: string;
}

export interface TagSeries {
  tag: TagSummary;
  /** null in `v`: no value in that reading. */
  points: { t: number[]; v: (number | null)[] };
  /** What the detectors expected; null where they have not said. */
  band: Band | null;
  anomalies: TagMark[];
  freshness: Freshness;
}

/** One page of episodes. */
export interface EpisodePage {
  now: string;
  episodes: EpisodeSummary[];
  /** From 1. */
  page: number;
  pageSize: number;
  total: number;
  /** There are more than could be looked at: `total` is that many, and narrowing the filter finds the rest. */
  capped?: true;
  sort: EpisodeSort;
  freshness: Freshness;
  operator: string | null;
}

export type EpisodeSort = "newest" | "oldest" | "severity" | "last-seen" | "occurrences";

export interface Finding {
  tag: string;
  rule: string;
  alarmType: AlarmType;
  value: number | null;
  expected: number | null;
  share: number;
}

export interface MethodTagResult {
  value: number;
  alarmType: AlarmType;
  status: TagStatus;
  context: string;
}

/** What one tier said of the reading that opened the episode. */
export interface MethodVerdict {
  /** `Unknown`: this tier has not judged the reading, or the verdict is no longer kept. */
  status: TagStatus;
  /** Only tags of the episode and tags that are not normal. */
  results: Record<string, MethodTagResult>;
  explanation: { state: string; modelVersion: string | null; score: number | null; findings: Finding[] } | null;
}

export interface TimelineEntry {
  at: string;
  by: string;
  action: ActionName | "opened";
  /** Notes of a resolve, reason of a reopen or modify. */
  notes: string;
  to?: string;
  values?: Record<string, { original: number; previous: number; modified: number }>;
}

export interface Modification {
  at: string;
  by: string;
  reason: string;
  values: Record<string, { original: number; modified: number }>;
}

export interface EpisodeDetail {
  now: string;
  summary: EpisodeSummary;
  /** Why, by tag. */
  contexts: Record<string, string>;
  shares: Record<string, number>;
  confidence: number;
  /** The reading that opened it: its values as they were judged. */
  reading: Record<string, number>;
  readingAt: string;
  /** Values that hold instead, by tag. */
  corrected: Record<string, number>;
  methods: Record<Tier, MethodVerdict>;
  /** Under which it was judged; empty where nobody knows, or the verdict is no longer kept. */
  traceId: string;
  timeline: TimelineEntry[];
  modified: Modification[];
  allowed: ActionName[];
  related: EpisodeSummary[];
  freshness: Freshness;
  operator: string | null;
}

export type RefusalCode = "conflict" | "refused" | "invalid" | "not-found" | "away" | "signed-out";

export type ActionResult =
  | { ok: true; episode: EpisodeSummary; changed: boolean }
  | { ok: false; code: RefusalCode; message: string; hint: string; field?: string };

export interface ActionTarget {
  anomalyId: string;
  etag: string;
}
export type AssignRequest = ActionTarget & { to: string };
export type ResolveRequest = ActionTarget & { notes: string };
export type ReopenRequest = ActionTarget & { reason: string };
export type ModifyRequest = ActionTarget & { values: Record<string, number>; reason: string };

/** What a route answers when it cannot answer. */
export interface RouteError {
  error: { code: string; message: string; hint: string; field?: string };
}
