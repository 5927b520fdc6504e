import "server-only";

/** Where the statistical tier expects a tag to be: its model, followed over the window as the detector follows it. */

import type { Live } from "./live";
import { readModel, readModelVersion } from "./stores/readings";
import { remembered } from "./stores/remembered";
import { expectedBand } from "./telemetry/expectation";
import { residualModelIn, type ResidualModel } from "./telemetry/model-archive";
import type { Band } from "./types";

/** null where no model is fitted, or where it does not judge this tag. */
export async function bandOf(live: Live, tag: string, fromMs: number): Promise<Band | null> {
  const model = (await remembered(`model ${live.source}`, 60_000, () => loadModel(live.source))).value;
  const column = live.window.columns.get(tag);
  if (!model || !column) return null;
  return expectedBand(model, tag, live.window.times, column, fromMs);
}

const parsed = new Map<string, ResidualModel | null>();

async function loadModel(source: string): Promise<ResidualModel | null> {
  const version = await readModelVersion(source);
  if (version === null) return null;
  const known = `${source} ${version}`;
  if (!parsed.has(known)) {
    const stored = await readModel(source);
    if (parsed.size > 32) parsed.clear();
    parsed.set(known, stored ? residualModelIn(stored.data) : null);
  }
  return parsed.get(known) ?? null;
}
