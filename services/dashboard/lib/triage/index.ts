/** What operators do with an episode: the same documents, in the same order, as `anomalyctl anomalies` writes. */

import { randomUUID } from "node:crypto";

import { invalid } from "../errors";
import { TEXT_LIMIT, type EpisodeDocument, type HistoryEntry, type ValueChange } from "../generated/types";
import { formatTime } from "../telemetry/times";
import type { ActionName } from "../types";
import type { EpisodeContainers } from "./episodes";
import { lastAction } from "./finding";
import { changesTo } from "./modifications";
import { perform, type Outcome, type Request } from "./performing";

/** Who acts, when, and on what they were looking at. */
export interface Act {
  anomalyId: string;
  by: string;
  nowMs: number;
  seenRevision?: number;
  /** For tests; a new one each time otherwise. */
  operation?: string;
}

/** Give an open episode to somebody. To whom it belongs already, it is not given again. */
export async function assign(containers: EpisodeContainers, act: Act, said: { to: string; why?: string }): Promise<Outcome> {
  const to = textOf("to", said.to);
  const request = requestOf("assign", act, strip(said.why ?? ""), () => ({ assigned_to: to }));
  return perform(
    containers,
    act.anomalyId,
    request,
    () => ({ assigned_to: to }),
    (document) => document.status === "open" && document.assigned_to === to,
  );
}

/** Close an open episode with notes. */
export async function resolve(containers: EpisodeContainers, act: Act, said: { notes: string }): Promise<Outcome> {
  const notes = textOf("notes", said.notes);
  const request = requestOf("resolve", act, notes);
  const fields = { resolved_at: formatTime(act.nowMs), resolved_by: request.by, resolution_notes: notes };
  return perform(
    containers,
    act.anomalyId,
    request,
    () => fields,
    (document) =>
      document.status === "resolved" && document.resolved_by === request.by && document.resolution_notes === notes,
  );
}

/** Open a resolved episode again. */
export async function reopen(containers: EpisodeContainers, act: Act, said: { reason: string }): Promise<Outcome> {
  const reason = textOf("reason", said.reason);
  const request = requestOf("reopen", act, reason);
  return perform(
    containers,
    act.anomalyId,
    request,
    () => ({ resolved_at: null, resolved_by: null, resolution_notes: null }),
    (document) => isLast(document, "reopen", request.by, reason),
  );
}

/** Correct named values of the reading that was judged; what was judged stays beside what is right. */
export async function modify(
  containers: EpisodeContainers,
  act: Act,
  said: { values: Record<string, number>; reason: string },
): Promise<Outcome> {
  const reason = textOf("reason", said.reason);
  let told: Record<string, ValueChange> = {};
  const request = requestOf("modify", act, reason, () => ({ values: told }));
  return perform(
    containers,
    act.anomalyId,
    request,
    (document) => {
      told = changesTo(document, said.values);
      return { modified_values: { ...document.modified_values, ...said.values } };
    },
    (document) => isLast(document, "modify", request.by, reason) && isSame(lastAction(document), said.values),
  );
}

function requestOf(
  action: ActionName,
  act: Act,
  why: string,
  details?: () => Partial<HistoryEntry>,
): Request {
  return {
    action,
    by: textOf("by", act.by),
    nowMs: act.nowMs,
    why,
    operation: act.operation ?? randomUUID().replaceAll("-", ""),
    ...(act.seenRevision === undefined ? {} : { seenRevision: act.seenRevision }),
    ...(details ? { details } : {}),
  };
}

function isLast(document: EpisodeDocument, action: ActionName, by: string, why: string): boolean {
  const last = lastAction(document);
  return last?.action === action && last.by === by && last.why === why;
}

function isSame(last: HistoryEntry | undefined, values: Record<string, number>): boolean {
  const said = Object.entries(last?.values ?? {});
  return (
    said.length === Object.keys(values).length && said.every(([tag, change]) => values[tag] === change.modified)
  );
}

function textOf(name: string, text: string): string {
  const stripped = strip(text);
  if (!stripped) throw invalid(name, `${name} may not be empty.`);
  // Characters as Python counts them, not UTF-16's halves.
  const length = [...stripped].length;
  if (length > TEXT_LIMIT) throw invalid(name, `${name} has ${length} characters; ${TEXT_LIMIT} are allowed.`);
  return stripped;
}

/** What Python's `str.strip` takes away: white space and the separators, but no byte-order mark. */
function strip(text: string): string {
  const white = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
  return text.replace(new RegExp(`^${white}|${white}$`, "g"), "");
}
