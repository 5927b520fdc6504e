import "server-only";

/** How the parts are, each asked in its own way and in a bounded time. */

import { StoreAway, reasonOf } from "./errors";
import { spanOf } from "./freshness";
import type { Live } from "./live";
import { settings } from "./settings";
import { pingCosmos } from "./stores/cosmos";
import { openBreakers, ping } from "./stores/readings";
import { remembered } from "./stores/remembered";
import { traceparentNow } from "./trace";
import type { PartHealth } from "./types";
import { UNRESOLVED } from "./generated/types";

const DETECTORS_TIMEOUT_MS = 5_000;
/** The pipeline is slow beyond the first, and taken for stopped beyond the second. */
const LATE_MS = 60_000;
const STOPPED_MS = 600_000;

/** Whether both stores answer; asked at most every 2 s however often it is probed. */
export async function storeHealth(): Promise<PartHealth[]> {
  const [readings, anomalies] = await Promise.all([
    remembered("ping redis", 2_000, ping),
    remembered("ping cosmos", 2_000, () => pingCosmos(UNRESOLVED)),
  ]);
  return [storePart("redis", readings.failure), storePart("cosmos", anomalies.failure)];
}

/** Whether the detectors are ready, and whether the functions call them. */
export async function detectorsPart(nowMs: number): Promise<PartHealth> {
  const part = "detectors" as const;
  const endpoint = settings().detectorsEndpoint;
  if (!endpoint) return { part, state: "degraded", detail: "Nobody has said where they are (FASTAPI_ENDPOINT)." };
  const [answer, breakers] = await Promise.all([
    remembered("detectors", 8_000, () => askDetectors(endpoint)),
    remembered("breakers", 8_000, () => openBreakers(nowMs)),
  ]);
  if (answer.value !== "") return { part, state: "away", detail: answer.value ?? "They have not answered yet." };
  const held = (breakers.value ?? []).filter((name) => name.includes("detector"));
  if (held.length) return { part, state: "degraded", detail: `Left alone for a while after failures: ${held.join(", ")}.` };
  return { part, state: "ok", detail: "Ready." };
}

/** How far verdicts are behind the readings. */
export function pipelinePart(live: Live): PartHealth {
  const part = "pipeline" as const;
  const newest = live.window.newestMs;
  if (live.readingsAway || live.verdictsAway) return { part, state: "degraded", detail: "Nobody can tell while a store is away." };
  if (newest === null) return { part, state: "ok", detail: "Nothing to judge." };
  if (live.judgedMs === null) return { part, state: "away", detail: "No reading of this source was judged." };
  const behind = newest - live.judgedMs;
  if (behind <= LATE_MS) return { part, state: "ok", detail: "Every reading is judged as it comes." };
  const detail = `Verdicts are ${spanOf(behind / 1000)} behind the readings.`;
  return { part, state: behind <= STOPPED_MS ? "degraded" : "away", detail };
}

function storePart(part: "redis" | "cosmos", failure: StoreAway | null): PartHealth {
  return failure ? { part, state: "away", detail: failure.reason } : { part, state: "ok", detail: "Answers." };
}

/** "" when they are ready, else why not. */
async function askDetectors(endpoint: string): Promise<string> {
  try {
    const answer = await fetch(`${endpoint}/health/ready`, {
      headers: { traceparent: traceparentNow() },
      signal: AbortSignal.timeout(DETECTORS_TIMEOUT_MS),
      cache: "no-store",
      redirect: "error",
    });
    await answer.body?.cancel();
    return answer.ok ? "" : `They answer ${answer.status}.`;
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause;
    return `They cannot be reached: ${reasonOf(cause ?? error)}.`;
  }
}
