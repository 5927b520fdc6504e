/** What triage needs of the database; `Conflict` means: exists already, or changed since it was read. */

import type { EpisodeDocument } from "../generated/types";

export class Conflict extends Error {}

export type PatchOperation = { op: "set"; path: string; value: unknown } | { op: "remove"; path: string };

/** One document of `anomaly_events` or `modified_values`; its id follows from episode and revision. */
export type RecordDocument = { id: string; anomaly_id: string } & Record<string, unknown>;

export interface EpisodeContainers {
  read(container: string, id: string): Promise<EpisodeDocument | null>;
  /** Throws Conflict where the id is taken. */
  create(container: string, document: RecordDocument | EpisodeDocument): Promise<EpisodeDocument>;
  /** Throws Conflict where it is gone or no longer as `etag` says. */
  replace(container: string, document: EpisodeDocument, etag: string): Promise<void>;
  patch(container: string, id: string, etag: string, operations: PatchOperation[]): Promise<EpisodeDocument>;
  eventIds(anomalyId: string): Promise<Set<string>>;
}

/** The document as we wrote it: no `_etag`, `_ts` and the like, and no `ttl`. */
export function withoutSystemKeys(document: EpisodeDocument): EpisodeDocument {
  return Object.fromEntries(
    Object.entries(document).filter(([key]) => !key.startsWith("_") && key !== "ttl"),
  ) as EpisodeDocument;
}
