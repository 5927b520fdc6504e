import "server-only";

/** Verdict documents, container `anomaly_results`: one per reading, by day of one source. */

import { ANOMALY_RESULTS, type VerdictDocument } from "../generated/types";
import { query } from "./cosmos";
import { readDocument } from "./episodes";

const DAY_MS = 86_400_000;

/** The newest verdict of the day of a time, or of the day before; null without any. */
export async function newestVerdict(source: string, aroundMs: number): Promise<VerdictDocument | null> {
  const text = "SELECT TOP 1 * FROM c WHERE c.source_day = @source_day ORDER BY c.timestamp DESC";
  for (const ms of [aroundMs, aroundMs - DAY_MS]) {
    const day = sourceDay(source, ms);
    const [found] = await query<VerdictDocument>(ANOMALY_RESULTS, text, { source_day: day }, day);
    if (found) return found;
  }
  return null;
}

/** The verdict of one reading, by its id `<source>:<ms>`; null where it is no longer kept. */
export async function verdictOf(readingId: string): Promise<VerdictDocument | null> {
  const at = readingId.lastIndexOf(":");
  const ms = Number(readingId.slice(at + 1));
  if (at < 1 || !Number.isFinite(ms)) return null;
  return readDocument<VerdictDocument>(ANOMALY_RESULTS, readingId, sourceDay(readingId.slice(0, at), ms));
}

function sourceDay(source: string, ms: number): string {
  return `${source}:${new Date(ms).toISOString().slice(0, 10)}`;
}
