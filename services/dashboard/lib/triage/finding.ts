/** Where an episode stands now, wherever it is kept, and who touched it last. */

import { DashboardError } from "../errors";
import { RESOLVED, UNRESOLVED, type EpisodeDocument, type HistoryEntry } from "../generated/types";
import type { EpisodeContainers } from "./episodes";

/** With an underscore, as the system's own keys: it is never written. */
const RESOLVED_MARK = "_kept_in_resolved";

/** The episode as it is: the higher revision of its two documents wins, equal means resolved. */
export async function current(containers: EpisodeContainers, anomalyId: string): Promise<EpisodeDocument> {
  const [unresolved, kept] = await Promise.all([
    containers.read(UNRESOLVED, anomalyId),
    containers.read(RESOLVED, anomalyId),
  ]);
  const resolved = kept?.status === "resolved" ? kept : null;
  if (unresolved && !(resolved && resolved.revision > unresolved.revision)) return unresolved;
  if (resolved) return { ...resolved, [RESOLVED_MARK]: true };
  throw new DashboardError("not-found", `There is no anomaly ${anomalyId}.`, "Look at the list of all of them.");
}

/** Whether it was found among the resolved because the unresolved one has expired. */
export function keptOnlyAsResolved(document: EpisodeDocument): boolean {
  return RESOLVED_MARK in document;
}

export function lastAction(document: EpisodeDocument): HistoryEntry | undefined {
  return document.history?.at(-1);
}

/** `resolved by Anna at …`: the last action as a sentence's end. */
export function told(document: EpisodeDocument): string {
  const last = lastAction(document);
  return last ? `${PAST[last.action]} by ${last.by} at ${last.at}` : "changed";
}

const PAST: Record<HistoryEntry["action"], string> = {
  count: "counted",
  assign: "assigned",
  modify: "modified",
  resolve: "resolved",
  reopen: "reopened",
};
