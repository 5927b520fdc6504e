import "server-only";

/** Episodes in Cosmos DB, read and changed under their etags. */

import type { PatchOperation as SdkOperation } from "@azure/cosmos";

import { EVENTS, type EpisodeDocument } from "../generated/types";
import { Conflict, type EpisodeContainers, type PatchOperation, type RecordDocument } from "../triage/episodes";
import { container, cosmos, query } from "./cosmos";
import { statusOf } from "./cosmos-door";

export const episodeContainers: EpisodeContainers = {
  read: readEpisode,

  async create(name: string, document: RecordDocument | EpisodeDocument): Promise<EpisodeDocument> {
    return guarded(async () => {
      const { resource } = await container(name).items.create({ ...document });
      return resource as unknown as EpisodeDocument;
    });
  },

  async replace(name: string, document: EpisodeDocument, etag: string): Promise<void> {
    await guarded(() =>
      container(name)
        .item(document.id, document.anomaly_id)
        .replace({ ...document }, { accessCondition: { type: "IfMatch", condition: etag } }),
    );
  },

  async patch(name: string, id: string, etag: string, operations: PatchOperation[]): Promise<EpisodeDocument> {
    return guarded(async () => {
      const { resource } = await container(name)
        .item(id, id)
        .patch<EpisodeDocument>({ operations: operations as SdkOperation[] }, { accessCondition: { type: "IfMatch", condition: etag } });
      return resource as EpisodeDocument;
    });
  },

  async eventIds(anomalyId: string): Promise<Set<string>> {
    const text = "SELECT VALUE c.id FROM c WHERE c.anomaly_id = @anomaly_id";
    return new Set(await query<string>(EVENTS, text, { anomaly_id: anomalyId }, anomalyId));
  },
};

/** The episode in one container; null when it is not there. */
export async function readEpisode(name: string, id: string): Promise<EpisodeDocument | null> {
  return readDocument<EpisodeDocument>(name, id, id);
}

/** A point read; null when there is no such document. */
export async function readDocument<T>(name: string, id: string, partition: string): Promise<T | null> {
  try {
    const { resource } = await cosmos(() => container(name).item(id, partition).read());
    return (resource as T | undefined) ?? null;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await cosmos(work);
  } catch (error) {
    // Gone (404), there already (409) or changed since (412): look again.
    if ([404, 409, 412].includes(statusOf(error) ?? 0)) throw new Conflict("changed meanwhile");
    throw error;
  }
}
