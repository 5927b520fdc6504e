/** W3C Trace Context: which request a line of the log belongs to. */

import { said, saying, type LogFields } from "./log";

type Headers = { get(name: string): string | null };

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What a request is sent on with: in the trace that it came with, or in one of its own. */
export function traceparentAfter(given: string | null): string {
  return `00-${traceIn(given) ?? hex(16)}-${hex(8)}-00`;
}

/** The same for what is asked on behalf of the request that is being answered. */
export function traceparentNow(): string {
  return `00-${said("trace_id") ?? hex(16)}-${hex(8)}-00`;
}

/** Run `work` so that its lines say the request's trace, and `fields`. */
export function traced<T>(headers: Headers, fields: LogFields, work: () => T): T {
  return saying({ trace_id: traceIn(headers.get("traceparent")) ?? hex(16), ...fields }, work);
}

/** 32 hex digits; null where there is no valid one. */
export function traceIn(traceparent: string | null): string | null {
  return TRACEPARENT.exec(traceparent ?? "")?.[1] ?? null;
}

function hex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
