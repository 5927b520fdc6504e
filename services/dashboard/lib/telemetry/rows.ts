/** Readings side by side: their times, and for each tag a column of values. */

/** Rows dropped at a time, so that the columns are not moved at each poll. */
const SLACK = 64;
/** Keys of a source are whatever it sends; beyond so many they are left out. */
const MOST_TAGS = 2_000;

export class Rows {
  /** Ascending. */
  times: number[] = [];
  /** Values by tag, one for each row; NaN where the reading has none. A tag that none of them has, has no column. */
  columns = new Map<string, number[]>();
  /** Every member of the window, also those that are no readings: what a count is compared with. */
  members: number[] = [];

  add(ms: number, payload: string): void {
    this.members.push(ms);
    const values = valuesOf(payload);
    if (!values || this.times.at(-1) === ms) return;
    const row = this.times.push(ms) - 1;
    for (const [tag, value] of values) {
      let column = this.columns.get(tag);
      if (!column) {
        if (this.columns.size >= MOST_TAGS) continue;
        this.columns.set(tag, (column = []));
      }
      while (column.length < row) column.push(NaN);
      column.push(value);
    }
    for (const column of this.columns.values()) if (column.length === row) column.push(NaN);
  }

  /** Forget what is older; some of it may stay for a while. */
  drop(cut: number): void {
    const rows = firstAtOrAfter(this.times, cut);
    if (rows >= SLACK) {
      this.times = this.times.slice(rows);
      for (const [tag, column] of this.columns) this.columns.set(tag, column.slice(rows));
    }
    const members = firstAtOrAfter(this.members, cut);
    if (members >= SLACK) this.members = this.members.slice(members);
  }

  /** Members at or after a time. */
  countFrom(ms: number): number {
    return this.members.length - firstAtOrAfter(this.members, ms);
  }
}

/** Finite numbers by tag; null for what is no reading. */
function valuesOf(payload: string): [string, number][] | null {
  let decoded: unknown;
  try {
    decoded = JSON.parse(payload);
  } catch {
    return null;
  }
  if (typeof decoded !== "object" || decoded === null || Array.isArray(decoded)) return null;
  const values = Object.entries(decoded).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1]),
  );
  return values.length ? values : null;
}

/** Index of the first of ascending times that is at or after one. */
export function firstAtOrAfter(times: readonly number[], ms: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
