/** Containers of dictionaries, for vectors that say what lies in them before and after. */

import { Conflict, type EpisodeContainers, type PatchOperation, type RecordDocument } from "../lib/triage/episodes";
import type { EpisodeDocument } from "../lib/generated/types";

export type Documents = Record<string, Record<string, unknown>[]>;

export class PaperContainers implements EpisodeContainers {
  private readonly items = new Map<string, Map<string, EpisodeDocument>>();
  private writes = 0;
  /** Runs before each patch: somebody who is faster. */
  disturb: () => void = () => undefined;

  constructor(before: Documents) {
    for (const [name, documents] of Object.entries(before)) {
      for (const document of structuredClone(documents)) this.put(name, document as EpisodeDocument);
    }
  }

  async read(name: string, id: string): Promise<EpisodeDocument | null> {
    const found = this.of(name).get(id);
    return found ? structuredClone(found) : null;
  }

  async create(name: string, document: RecordDocument | EpisodeDocument): Promise<EpisodeDocument> {
    if (this.of(name).has(document.id)) throw new Conflict("exists");
    return this.put(name, document as EpisodeDocument);
  }

  async replace(name: string, document: EpisodeDocument, etag: string): Promise<void> {
    this.hold(name, document.id, etag);
    this.put(name, document);
  }

  async patch(name: string, id: string, etag: string, operations: PatchOperation[]): Promise<EpisodeDocument> {
    this.disturb();
    const body = structuredClone(this.hold(name, id, etag));
    for (const operation of operations) {
      const key = operation.path.slice(1);
      if (operation.op === "remove") delete body[key];
      else body[key] = operation.value;
    }
    return this.put(name, body);
  }

  async eventIds(anomalyId: string): Promise<Set<string>> {
    const events = [...this.of("anomaly_events").values()];
    return new Set(events.filter((event) => event.anomaly_id === anomalyId).map((event) => event.id));
  }

  documents(names: string[]): Documents {
    return Object.fromEntries(
      names.map((name) => [
        name,
        [...this.of(name).values()]
          .map(({ _etag, ...rest }) => (void _etag, rest))
          .sort((one, other) => (String(one.id) < String(other.id) ? -1 : 1)),
      ]),
    );
  }

  put(name: string, document: EpisodeDocument): EpisodeDocument {
    const kept = { ...structuredClone(document), _etag: `"${++this.writes}"` };
    this.of(name).set(document.id, kept);
    return structuredClone(kept);
  }

  private hold(name: string, id: string, etag: string): EpisodeDocument {
    const present = this.of(name).get(id);
    if (!present || present._etag !== etag) throw new Conflict("changed");
    return present;
  }

  private of(name: string): Map<string, EpisodeDocument> {
    let items = this.items.get(name);
    if (!items) this.items.set(name, (items = new Map()));
    return items;
  }
}
