import "server-only";

/** How routes answer: JSON that nobody keeps, and errors with a code, a message and the next step. */

import { DashboardError, reasonOf } from "./errors";
import { log, said, type LogFields } from "./log";
import { traced } from "./trace";
import type { RefusalCode, RouteError } from "./types";

const STATUS: Record<RefusalCode, number> = {
  invalid: 400,
  "signed-out": 401,
  refused: 403,
  "not-found": 404,
  conflict: 409,
  away: 503,
};

/** `work`'s answer; the lines that are logged meanwhile say the request's trace, and `about`. */
export async function answered<T>(
  request: { headers: { get(name: string): string | null } },
  what: string,
  about: LogFields,
  work: () => Promise<T>,
): Promise<Response> {
  return traced(request.headers, about, () => answeredHere(what, work));
}

export function json(body: unknown, status: number): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}

async function answeredHere<T>(what: string, work: () => Promise<T>): Promise<Response> {
  try {
    return json(await work(), 200);
  } catch (error) {
    if (error instanceof DashboardError) {
      const { code, message, hint, field } = error;
      return json({ error: { code, message, hint, ...(field ? { field } : {}) } } satisfies RouteError, STATUS[code]);
    }
    log("error", `${what} failed: ${reasonOf(error)}`);
    const hint = `See: anomalyctl logs dashboard --trace ${said("trace_id")}`;
    return json({ error: { code: "failed", message: "This could not be answered.", hint } } satisfies RouteError, 500);
  }
}
