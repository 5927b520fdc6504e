// Written by `python -m tests.docs.dashboard_types` from the Python side. Do not edit.

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export const GAP_MS = 600000;
export const TEXT_LIMIT = 4000;
export const HISTORY_LIMIT = 100;
export const ROUNDS = 50;
export const CLOSING_TTL_S = 600;
export const BASELINE_TIME_CONSTANT_S = 1800.0;
export const BASELINE_LARGEST_STEP = 1.5;
export const BASELINE_SETTLED = 20;
export const MODEL_FORMAT = 2;
export const UNRESOLVED = "unresolved_anomalies";
export const RESOLVED = "resolved_anomalies";
export const EVENTS = "anomaly_events";
export const MODIFIED_VALUES = "modified_values";
export const ANOMALY_RESULTS = "anomaly_results";

export type AlarmType = "OK" | "Low" | "Low-Low" | "High" | "High-High";
export type Severity = "low" | "medium" | "high" | "critical";
export type State = "open" | "resolved";
export type Action = "count" | "assign" | "modify" | "resolve" | "reopen";
export type Actor = "pipeline" | "operator";
export type Tier = "heuristic" | "statistical" | "ml";
export type Status = "Normal" | "Anomaly";

export interface TagResult {
  value: number;
  alarm_type: string;
  status: "Normal" | "Anomaly";
  context: string;
}

export interface Finding {
  tag: string;
  rule: string;
  alarm_type: string;
  value: number | null;
  expected: number | null;
  share: number;
}

export interface Explanation {
  state: "judged" | "warming-up";
  model_version: string | null;
  score: number | null;
  late: boolean;
  findings: Finding[];
}

export interface TagVerdict {
  timestamp: string;
  method: "heuristic" | "statistical";
  results: Record<string, TagResult>;
  explanation?: Explanation;
}

export interface MlResults {
  values: Record<string, number>;
  status: "Normal" | "Anomaly";
}

export interface MlVerdict {
  timestamp: string;
  method: "ml";
  results: MlResults;
  processing_time_ms: number;
  explanation?: Explanation;
}

export interface VerdictExplanation {
  state: string;
  model_version: string | null;
  late: boolean;
  tiers_missing: Tier[];
  severity: Severity | null;
  tags: string[];
  shares: Record<string, number>;
  trace_id?: string | null;
}

export interface VerdictDocument {
  id: string;
  timestamp: string;
  heuristic: TagVerdict | null;
  statistical: TagVerdict | null;
  ml: MlVerdict | null;
  final_status: "normal" | "anomaly";
  overall_confidence: number;
  source: string;
  explanation?: VerdictExplanation;
}

export interface HistoryEntry {
  operation: string;
  action: Action;
  by: string;
  at: string;
  why: string;
  revision: number;
  from: State;
  to: State;
  assigned_to?: string;
  values?: Record<string, ValueChange>;
}

export interface ValueChange {
  original: number;
  previous: number;
  modified: number;
}

export interface EpisodeDocument {
  id: string;
  anomaly_id: string;
  detected_at: string;
  severity_level: Severity;
  assigned_to: string;
  status: State;
  source: string;
  revision: number;
  tags: string[];
  shares: Record<string, number>;
  confidence: number;
  occurrences: number;
  first_ms: number;
  last_ms: number;
  last_seen: string;
  contexts: Record<string, string>;
  reading: { id: string; timestamp: string; values: Record<string, unknown> };
  history?: HistoryEntry[];
  acted_ms?: number;
  resolved_at?: string;
  resolved_by?: string;
  resolution_notes?: string;
  modified_values?: Record<string, number>;
  ttl?: number;
  _etag?: string;
  [key: string]: unknown;
}
