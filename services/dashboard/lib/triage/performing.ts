/** How any action is carried out: read, check the table, patch under the etag, then write what follows. */

import { DashboardError } from "../errors";
import { HISTORY_LIMIT, ROUNDS, UNRESOLVED, type EpisodeDocument, type HistoryEntry } from "../generated/types";
import type { ActionName } from "../types";
import { formatTime } from "../telemetry/times";
import { Conflict, withoutSystemKeys, type EpisodeContainers, type PatchOperation } from "./episodes";
import { current, keptOnlyAsResolved, lastAction, told } from "./finding";
import { finish } from "./finishing";
import { stateAfter } from "./transitions";

export interface Request {
  action: ActionName;
  by: string;
  nowMs: number;
  why: string;
  /** What makes this request itself, so that its own lost answer is known again. */
  operation: string;
  /** The revision that the operator was looking at; absent where nobody was looking. */
  seenRevision?: number;
  /** What the history keeps besides. */
  details?: () => Partial<HistoryEntry>;
}

export interface Outcome {
  document: EpisodeDocument;
  /** False when the same had been done already by the same operator. */
  changed: boolean;
}

/** Fields to set; null takes one away. May refuse by throwing. */
export type Changes = (document: EpisodeDocument) => Record<string, unknown>;

/** One winner among operators, once however often it is repeated. Throws DashboardError. */
export async function perform(
  containers: EpisodeContainers,
  anomalyId: string,
  request: Request,
  changes: Changes,
  isRepeat: (document: EpisodeDocument) => boolean,
): Promise<Outcome> {
  let document = await current(containers, anomalyId);
  const seen = request.seenRevision ?? document.revision;
  for (let round = 0; round < ROUNDS; round++) {
    const ours = lastAction(document)?.operation === request.operation;
    if (ours || isRepeat(document)) {
      await finish(containers, document);
      return { document, changed: ours };
    }
    if (document.revision !== seen) throw lostRace(document);
    const after = stateAfter(request.action, document.status);
    if (after === null) throw refusal(document, request.action);
    const fields = { ...changes(document), ...common(document, after, request) };
    try {
      document = await store(containers, document, fields);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      // Somebody was faster, or our own answer was lost on its way: look again.
      document = await current(containers, anomalyId);
      continue;
    }
    await finish(containers, document);
    return { document, changed: true };
  }
  throw new DashboardError("away", `${anomalyId} keeps changing; nothing was done.`, "Try again.");
}

function common(document: EpisodeDocument, after: string, request: Request): Record<string, unknown> {
  const revision = document.revision + 1;
  const entry = {
    operation: request.operation,
    action: request.action,
    by: request.by,
    at: formatTime(request.nowMs),
    why: request.why,
    revision,
    from: document.status,
    to: after,
    ...request.details?.(),
  };
  return {
    status: after,
    revision,
    acted_ms: request.nowMs,
    history: [...(document.history ?? []), entry].slice(-HISTORY_LIMIT),
  };
}

/** The one point where it happens: a patch under the etag, or a create where the document has expired. */
async function store(
  containers: EpisodeContainers,
  document: EpisodeDocument,
  fields: Record<string, unknown>,
): Promise<EpisodeDocument> {
  const set = Object.entries(fields).filter(([, value]) => value !== null);
  const gone = [...Object.keys(fields), "ttl"].filter((key) => (fields[key] ?? null) === null && key in document);
  if (keptOnlyAsResolved(document)) {
    const kept = Object.entries(withoutSystemKeys(document)).filter(([key]) => !gone.includes(key));
    const body = { ...Object.fromEntries(kept), ...Object.fromEntries(set), id: document.anomaly_id };
    return containers.create(UNRESOLVED, body as EpisodeDocument);
  }
  const operations: PatchOperation[] = [
    ...set.map(([key, value]) => ({ op: "set" as const, path: `/${key}`, value })),
    ...gone.map((key) => ({ op: "remove" as const, path: `/${key}` })),
  ];
  return containers.patch(UNRESOLVED, document.id, document._etag ?? "", operations);
}

function lostRace(document: EpisodeDocument): DashboardError {
  const hint = "Look at what was done, and decide again.";
  return new DashboardError("conflict", `${document.anomaly_id} was ${told(document)}.`, hint);
}

function refusal(document: EpisodeDocument, action: ActionName): DashboardError {
  if (document.status === "resolved") return lostRace(document);
  const message = `${document.anomaly_id} is ${document.status}; it cannot be given \`${action}\`.`;
  return new DashboardError("refused", message, "Look at it again.");
}
