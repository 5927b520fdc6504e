import type { Limits } from "@/lib/types";
import { limitsOf } from "../numbers";

/**
 * The span a tag is drawn in: its alarm limits, and its values where they go beyond. Drawn to its limits, the
 * noise of a well that does well is a flat line.
 */
export function spanOf(limits: Limits, values: number[]): { from: number; to: number } {
  const seen = [...limitsOf(limits).map(([, limit]) => limit), ...values];
  const low = Math.min(...seen);
  const high = Math.max(...seen);
  if (!Number.isFinite(low)) return { from: 0, to: 1 };
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  const span = { from: low - room, to: high + room };
  // Values of the smallest or the largest kind leave nothing to divide by.
  const width = span.to - span.from;
  return width > 0 && Number.isFinite(width) ? span : { from: 0, to: 1 };
}
