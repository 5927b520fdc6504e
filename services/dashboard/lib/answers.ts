import "server-only";

/** How routes answer: JSON that nobody keeps, and errors with a code, a message and the next step. */

import { promisify } from "node:util";
import { gzip } from "node:zlib";

import { DashboardError, reasonOf } from "./errors";
import { log } from "./log";
import type { RefusalCode, RouteError } from "./types";

const STATUS: Record<RefusalCode, number> = {
  invalid: 400,
  "signed-out": 401,
  refused: 403,
  "not-found": 404,
  conflict: 409,
  away: 503,
};

/** Next.js compresses pages, not routes. Less than this fits into a packet or two as it is. */
const WORTH_COMPRESSING = 4_096;

const compressed = promisify(gzip);

export async function answered<T>(request: Request, what: string, work: () => Promise<T>): Promise<Response> {
  try {
    const text = JSON.stringify(await work());
    const headers = { "Cache-Control": "no-store", "Content-Type": "application/json", Vary: "Accept-Encoding" };
    const takesGzip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
    if (!takesGzip || text.length < WORTH_COMPRESSING) return new Response(text, { headers });
    const body = await compressed(text, { level: 4 });
    return new Response(new Uint8Array(body), { headers: { ...headers, "Content-Encoding": "gzip" } });
  } catch (error) {
    if (error instanceof DashboardError) {
      const { code, message, hint, field } = error;
      return json({ error: { code, message, hint, ...(field ? { field } : {}) } } satisfies RouteError, STATUS[code]);
    }
    log("error", `${what} failed: ${reasonOf(error)}`);
    const failed: RouteError = { error: { code: "failed", message: "This could not be answered.", hint: "The log says why." } };
    return json(failed, 500);
  }
}

export function json(body: unknown, status: number): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}
