/** New values for a reading that was judged: which may be set, and what they replace. */

import { invalid } from "../errors";
import type { EpisodeDocument, ValueChange } from "../generated/types";

/** For each tag the value as it was judged, the one that held until now, and the new one. Throws, naming the tag. */
export function changesTo(document: EpisodeDocument, values: Record<string, number>): Record<string, ValueChange> {
  const judged = document.reading.values;
  const holding = document.modified_values ?? {};
  const tags = Object.keys(values);
  if (!tags.length) throw invalid("set", "No value is given.", "Give at least one tag a new value.");
  const changes: [string, ValueChange][] = tags.map((tag) => {
    const original = Object.hasOwn(judged, tag) ? judged[tag] : undefined;
    if (typeof original !== "number") {
      throw invalid(tag, `The reading ${document.reading.id} has no tag ${tag}.`, "Choose one of the reading's tags.");
    }
    const modified = values[tag] as number;
    if (typeof modified !== "number" || !Number.isFinite(modified)) {
      throw invalid(tag, `${tag}: ${modified} is not a finite number.`);
    }
    const previous = Object.hasOwn(holding, tag) ? (holding[tag] as number) : original;
    return [tag, { original, previous, modified }];
  });
  if (changes.every(([, change]) => change.previous === change.modified)) {
    throw invalid("set", "Every one of these values holds already; nothing would change.");
  }
  return Object.fromEntries(changes);
}
