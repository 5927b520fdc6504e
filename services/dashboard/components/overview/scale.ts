import type { Limits } from "@/lib/types";
import { limitsOf } from "../numbers";

export interface Span {
  from: number;
  to: number;
}

/**
 * The span a tag is drawn in: its alarm limits, and its values where they go beyond. Drawn to its limits, the
 * noise of a well that does well is a flat line.
 */
export function spanOf(limits: Limits, values: number[]): Span {
  const seen = [...limitsOf(limits).map(([, limit]) => limit), ...values].filter(Number.isFinite);
  if (seen.length === 0) return { from: 0, to: 1 };
  const low = Math.min(...seen);
  const high = Math.max(...seen);
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  const span = { from: low - room, to: high + room };
  // Values of the smallest or the largest kind leave nothing to divide by.
  const width = span.to - span.from;
  return width > 0 && Number.isFinite(width) ? span : { from: 0, to: 1 };
}

/** 0 at the lower end of a span, 1 at the upper; what lies far outside is just outside: no drawing takes infinity. */
export function placeIn({ from, to }: Span, value: number): number {
  return Math.max(-1, Math.min(2, (value - from) / (to - from)));
}
