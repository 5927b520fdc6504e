/** Runs `lib/` for tests that are written elsewhere: a line of JSON in, a line of JSON out. */

import { createInterface } from "node:readline";

import { act } from "../lib/episodes/acting";
import { listEpisodes } from "../lib/episodes/listing";
import { showEpisode } from "../lib/episodes/showing";
import { DashboardError } from "../lib/errors";
import { storeHealth } from "../lib/health";
import { overviewOf } from "../lib/overview";
import { forgetRemembered } from "../lib/stores/remembered";
import { tagSeriesOf } from "../lib/tag-series";
import type { ActionName } from "../lib/types";

interface Call {
  call: string;
  source?: string;
  since?: number;
  tag?: string;
  query?: string;
  id?: string;
  action?: ActionName;
  request?: unknown;
  operator?: string | null;
}

const calls: Record<string, (said: Call) => Promise<unknown>> = {
  overview: (said) => overviewOf(said.source ?? "", said.since ?? 0, said.operator ?? null),
  tag: (said) => tagSeriesOf(said.tag ?? "", said.source ?? "", said.since ?? 0),
  anomalies: (said) => listEpisodes(new URLSearchParams(said.query), said.operator ?? null),
  episode: (said) => showEpisode(said.id ?? "", said.operator ?? null),
  act: (said) => act(said.action as ActionName, said.request, said.operator ?? null),
  health: () => storeHealth(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const said = JSON.parse(line) as Call;
  // What is kept for a moment to spare the stores would hide what a test has just changed.
  forgetRemembered("");
  try {
    tell({ answer: await (calls[said.call] as (typeof calls)[string])(said) });
  } catch (error) {
    if (error instanceof DashboardError) tell({ error: { ...error, message: error.message } });
    else tell({ crash: String(error instanceof Error ? error.stack : error) });
  }
}
process.exit(0);

function tell(what: unknown): void {
  process.stdout.write(`\x1e${JSON.stringify(what)}\n`);
}
