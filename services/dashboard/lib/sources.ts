import "server-only";

/** Which source is meant: one that was named, or the first that sends. */

import { invalid } from "./errors";
import { listSources } from "./stores/readings";
import { remembered } from "./stores/remembered";

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const USUAL = "well-1";

/** Checked as the pipeline checks it; "" where none is named. */
export function sourceNamed(text: string | null): string {
  if (!text) return "";
  if (!NAME.test(text)) throw invalid("source", "source: this is not a source's name.", "Lower-case letters, digits and dashes.");
  return text;
}

export async function knownSources(): Promise<string[]> {
  return (await remembered("sources", 10_000, listSources)).value ?? [];
}

export function chosenSource(named: string, sources: readonly string[]): string {
  return named || sources[0] || USUAL;
}
