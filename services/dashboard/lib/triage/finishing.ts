/** What follows an action once the episode itself is patched; each step may be repeated, by whoever comes. */

import {
  CLOSING_TTL_S,
  EVENTS,
  MODIFIED_VALUES,
  RESOLVED,
  UNRESOLVED,
  type EpisodeDocument,
  type HistoryEntry,
} from "../generated/types";
import { Conflict, withoutSystemKeys, type EpisodeContainers, type RecordDocument } from "./episodes";

/** Records first, the closing episode's lifetime last: without it `clean_up` knows that something is missing. */
export async function finish(containers: EpisodeContainers, document: EpisodeDocument): Promise<void> {
  const isResolved = document.status === "resolved";
  if (isResolved) await putResolved(containers, document);
  else if (document.history?.some((entry) => entry.action === "reopen")) await withdraw(containers, document);
  await record(containers, document);
  if (isResolved) await forgetUnresolved(containers, document);
}

async function putResolved(containers: EpisodeContainers, document: EpisodeDocument): Promise<void> {
  const body = { ...withoutSystemKeys(document), id: document.anomaly_id };
  await untilUndisturbed(async () => {
    const present = await containers.read(RESOLVED, document.anomaly_id);
    if (!present) await containers.create(RESOLVED, body);
    else if (present.revision < body.revision) await containers.replace(RESOLVED, body, present._etag ?? "");
  });
}

/** Mark the resolved one as reopened, unless it was resolved again since. */
async function withdraw(containers: EpisodeContainers, document: EpisodeDocument): Promise<void> {
  await untilUndisturbed(async () => {
    const present = await containers.read(RESOLVED, document.anomaly_id);
    if (!present || present.revision >= document.revision || (present.status as string) === "reopened") return;
    const body = { ...withoutSystemKeys(present), status: "reopened" } as unknown as EpisodeDocument;
    await containers.replace(RESOLVED, body, present._etag ?? "");
  });
}

/** Let the closing episode expire, once the change feed has carried it. */
async function forgetUnresolved(containers: EpisodeContainers, document: EpisodeDocument): Promise<void> {
  await untilUndisturbed(async () => {
    const present = await containers.read(UNRESOLVED, document.anomaly_id);
    if (!present || present.status !== "resolved" || present.revision !== document.revision || "ttl" in present) return;
    await containers.patch(UNRESOLVED, present.id, present._etag ?? "", [
      { op: "set", path: "/ttl", value: CLOSING_TTL_S },
    ]);
  });
}

/** The records that are missing, oldest first, so that none hides behind a newer one. */
async function record(containers: EpisodeContainers, document: EpisodeDocument): Promise<void> {
  const recorded = await containers.eventIds(document.anomaly_id);
  for (const entry of document.history ?? []) {
    const event = eventOf(document, entry);
    if (recorded.has(event.id)) continue;
    if (entry.action === "modify") await addOnce(containers, MODIFIED_VALUES, modificationOf(document, entry));
    await addOnce(containers, EVENTS, event);
  }
}

function eventOf(document: EpisodeDocument, entry: HistoryEntry): RecordDocument {
  return {
    id: `${document.anomaly_id}-${entry.revision}`,
    anomaly_id: document.anomaly_id,
    source: document.source,
    ...entry,
  };
}

function modificationOf(document: EpisodeDocument, entry: HistoryEntry): RecordDocument {
  const changes = Object.entries(entry.values ?? {});
  return {
    id: `${document.anomaly_id}-${entry.revision}`,
    anomaly_id: document.anomaly_id,
    original_data: Object.fromEntries(changes.map(([tag, change]) => [tag, change.original])),
    modified_data: Object.fromEntries(changes.map(([tag, change]) => [tag, change.modified])),
    modified_by: entry.by,
    modification_reason: entry.why,
    modified_at: entry.at,
    source: document.source,
    revision: entry.revision,
    reading: document.reading,
  };
}

async function addOnce(containers: EpisodeContainers, container: string, document: RecordDocument): Promise<void> {
  try {
    await containers.create(container, document);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
}

/** Again while others change the same document; each turn one of them gets on. */
async function untilUndisturbed(step: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
}
