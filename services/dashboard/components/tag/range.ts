/** The stretch of time that a chart shows, milliseconds; how the buttons and keys move it. */
export interface Range {
  from: number;
  to: number;
}

export type Move = "in" | "out" | "earlier" | "later" | "all";

const LEAST_MS = 60_000;

/** The range after a move, kept inside of `all` and never under a minute. */
export function moved(range: Range, move: Move, all: Range): Range {
  const length = range.to - range.from;
  const middle = (range.from + range.to) / 2;
  if (move === "all") return all;
  if (move === "in") return around(middle, Math.max(LEAST_MS, length / 2), all);
  if (move === "out") return around(middle, length * 2, all);
  return around(middle + (move === "later" ? length : -length) * 0.5, length, all);
}

/** The newest `length` milliseconds. */
export function newest(length: number, all: Range): Range {
  return around(all.to, length, all);
}

function around(middle: number, length: number, all: Range): Range {
  if (length >= all.to - all.from) return all;
  const from = Math.min(Math.max(middle - length / 2, all.from), all.to - length);
  return { from, to: from + length };
}
